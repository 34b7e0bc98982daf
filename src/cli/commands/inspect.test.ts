import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli } from '../../../test/support/cli.ts';
import { modelFixture } from '../../../test/support/model-fixtures.ts';
import { inRepository } from '../../../test/support/repository.ts';
import type { BlockScore } from '../../inherit/scores/block-scores.ts';
import type { Inspection } from '../inspection-table.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inspect-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const model = modelFixture('small-run');
const text = inRepository('data/corpus/wikitext.txt');

describe('inspect', () => {
  test('prints a table of all blocks, and which of them each score would keep', async () => {
    const { exitCode, out } = await cli([
      ...['inspect', model, '--text', text, '--windows', '3', '--window-length', '32', '--layers', '2'],
    ]);
    expect(exitCode).toBe(0);
    expect(out).toContain('4 blocks on 3 windows of 32 tokens of wikitext.txt');
    const rows = out.split('\n').filter((line) => /^\|\s+\d/.test(line));
    expect(rows).toHaveLength(4);
    expect(out).toMatch(/2 blocks with the highest block-influence: --layers \d,\d/);
    expect(out).toMatch(/2 neighbours with the highest attention-rank: --layers \d,\d/);
  });

  test('gives as JSON what transformers gives', async () => {
    const expected = JSON.parse(
      await readFile(inRepository('test/fixtures/models/block-scores.json'), 'utf8'),
    ) as { windows: number; windowLength: number; models: Record<string, BlockScore[]> };
    const outFile = join(folder, 'new', 'scores.json');
    const { exitCode, out } = await cli([
      ...[
        'inspect',
        modelFixture('gpt2-tied'),
        '--text',
        modelFixture('tokens.bin'),
        '--json',
        '--out',
        outFile,
      ],
      ...['--windows', String(expected.windows), '--window-length', String(expected.windowLength)],
    ]);
    expect(exitCode).toBe(0);
    const found = JSON.parse(out) as Inspection;
    expect(found).toMatchObject({ heads: 4, text: 'tokens.bin', windows: expected.windows });
    expect(found.blocks.map(({ headRanks }) => headRanks)).toEqual(
      expected.models['gpt2-tied']!.map(({ headRanks }) => headRanks),
    );
    expect(await readFile(outFile, 'utf8')).toBe(`${out}\n`);
  });

  test.each([
    [['--layers', '5'], '--layers is 5, and the model has 4 blocks.'],
    [['--windows', '0'], '--windows is "0".'],
    [['--window-length', '1'], '--window-length is "1".'],
    [['--window-length', '600'], 'longer than the 512 positions of the model.'],
    [['--text', 'no-such.txt'], 'no-such.txt'],
  ])('refuses %j', async (options, words) => {
    const given = options[0] === '--text' ? options : ['--text', text, ...options];
    const { exitCode, errors } = await cli(['inspect', model, ...given], folder);
    expect(exitCode).toBe(2);
    expect(errors).toContain(words);
  });
});
