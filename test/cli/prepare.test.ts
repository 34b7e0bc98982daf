import { mkdtempSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { TokenManifest } from '../../src/data/token-manifest.ts';
import { silentProgress } from '../../src/progress.ts';
import { cli } from '../support/cli.ts';
import { inRepository } from '../support/repository.ts';
import { smallRecipe, writeRecipe } from '../train/train-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'inheritune-prepare-'));
afterAll(() => rm(folder, { recursive: true }));

let recipe: string;
beforeAll(async () => {
  const lines = (name: string, count: number): string =>
    Array.from({ length: count }, (_, i) =>
      JSON.stringify({ text: `${name} ${i} ${'some words '.repeat(1 + (i % 9))}` }),
    ).join('\n');
  await writeFile(join(folder, 'web.jsonl'), `${lines('web', 400)}\n{"text":" "}\n`);
  // Its last documents are of the web.
  await writeFile(join(folder, 'code.jsonl'), `${lines('code', 200)}\n${lines('web', 7)}\n`);
  recipe = join(folder, 'mixture.yml');
  await writeFile(
    recipe,
    stringify({
      reference: { model: inRepository('test/fixtures/models/small-run') },
      data: {
        sources: [
          { path: join(folder, 'web.jsonl'), weight: 3 },
          { path: join(folder, 'code.jsonl'), weight: 1 },
        ],
        ...{ subsetTokens: 8000, validationTokens: 400 },
      },
    }),
  );
});

test('prepare prints what each source gave: share asked for and reached, tokens, documents, what was left out', async () => {
  const out = join(folder, 'out');
  const { exitCode, out: printed, errors } = await cli(['prepare', recipe, '--out', out]);
  expect(exitCode, errors).toBe(0);
  const { sources, train, validation } = JSON.parse(
    await readFile(join(out, 'manifest.json'), 'utf8'),
  ) as TokenManifest;
  const [first, ...table] = printed.split('\n');
  expect(first).toContain(
    `8000 training tokens of ${train.documents} documents in 1 file(s), 400 held out, 7 duplicates`,
  );
  const cells = table.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  expect(cells[0]).toEqual([
    ...['source', 'share', 'of tokens', 'tokens', 'documents', 'held-out tokens'],
    ...['documents read', 'empty', 'duplicates'],
  ]);
  expect(cells.slice(2)).toEqual(
    sources.map(({ name, train: part, validation: held }, i) => [
      ...[name, ['75.00 %', '25.00 %'][i], `${((100 * part.tokens) / 8000).toFixed(2)} %`],
      ...[part.tokens, part.documents, held.tokens].map(String),
      ...[
        ['401', '1', '0'],
        ['207', '0', '7'],
      ][i]!,
    ]),
  );
  // A run says the same, once.
  const notes: string[] = [];
  const run = { ...silentProgress, note: (text: string) => void notes.push(text) };
  expect((await cli(['run', recipe, '--out', join(folder, 'run')], undefined, run)).errors).toBe('');
  expect(notes.filter((note) => note.includes('held-out tokens'))).toEqual([
    printed.slice(printed.indexOf('8000 training tokens')),
  ]);
  // The numbers are those of the whole.
  const sum = (pick: (source: TokenManifest['sources'][number]) => number): number =>
    sources.reduce((total, source) => total + pick(source), 0);
  expect([sum(({ train: part }) => part.tokens), sum(({ validation: held }) => held.tokens)]).toEqual([
    8000,
    validation!.tokens,
  ]);
  expect(sum(({ train: part }) => part.documents)).toBe(train.documents);
  expect(Math.abs(sources[0]!.train.tokens / 8000 - 0.75)).toBeLessThan(0.02);
});

test('ready token ids are no text to prepare', async () => {
  const ready = await writeRecipe(folder, smallRecipe({ steps: 1 }));
  const { exitCode, errors } = await cli(['prepare', ready, '--out', join(folder, 'none')]);
  expect(errors).toContain('data.tokens names ready token ids. Give data.sources to prepare text.');
  expect(exitCode).toBe(2);
});
