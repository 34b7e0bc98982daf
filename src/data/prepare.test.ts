import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { silentProgress } from '../progress.ts';
import { loadTokenizer } from './json-tokenizer.ts';
import { openPrepared } from './open-prepared.ts';
import { prepareTokens } from './prepare.ts';

import type { PrepareOptions } from './prepare-options.ts';
import type { TokenManifest } from './token-manifest.ts';

const tokenizer = loadTokenizer({
  tokenizerJson: readFileSync(new URL('../../test/fixtures/data/smollm-like.tokenizer.json', import.meta.url)),
  config: { eos_token_id: 0 },
});
const END = 0;

let folder: string;
let runs = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prepare-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Prepared {
  readonly manifest: TokenManifest;
  readonly train: number[];
  readonly validation: number[];
  readonly outFolder: string;
}

async function prepare(
  texts: readonly string[],
  options: Partial<PrepareOptions> & { seed?: number } = {},
): Promise<Prepared> {
  const base = join(folder, `run-${String((runs += 1))}`);
  await mkdir(base);
  await writeFile(join(base, 'text.jsonl'), texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
  const outFolder = options.outFolder ?? join(base, 'out', 'tokens');
  const manifest = await prepareTokens({
    sources: [{ path: join(base, 'text.jsonl') }],
    tokenizer,
    validationTokens: 0,
    seed: 1,
    progress: silentProgress,
    ...options,
    outFolder,
  });
  const opened = await openPrepared(outFolder, { fingerprint: tokenizer.fingerprint });
  const train = [...(await opened.train.readTokens(0, opened.train.tokens))];
  const validation = opened.validation ? [...(await opened.validation.readTokens(0, opened.validation.tokens))] : [];
  await opened.close();
  return { manifest, train, validation, outFolder };
}

/** Texts between separators; the last may be cut. */
function documentsOf(ids: readonly number[]): { whole: string[]; rest: number[] } {
  const whole: string[] = [];
  let current: number[] = [];
  for (const id of ids) {
    if (id === END) {
      whole.push(tokenizer.decode(current));
      current = [];
    } else {
      current.push(id);
    }
  }
  return { whole, rest: current };
}

const corpus = Array.from({ length: 60 }, (_, i) => `Document ${String(i)} says ${'word '.repeat(1 + (i % 7))}and ends.`);
const tokenCount = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + tokenizer.encode(text).length + 1, 0);

const texts = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((t) => /\S/u.test(t)), {
  minLength: 4,
  maxLength: 25,
});
const seeds = fc.integer();

describe('prepareTokens', () => {
  it('writes every document once, in a random order, each with its separator', async () => {
    const { train, manifest } = await prepare(corpus);
    const { whole, rest } = documentsOf(train);
    expect(rest).toEqual([]);
    expect(whole).not.toEqual(corpus);
    expect(whole.sort()).toEqual([...corpus].sort());
    expect(manifest.train).toMatchObject({ documents: 60, tokens: tokenCount(corpus) });
  });

  it('takes exactly the tokens asked for, from separate documents (property)', async () => {
    await fc.assert(
      fc.asyncProperty(texts, seeds, fc.double({ min: 0, max: 1, noNaN: true }), async (some, seed, share) => {
        const half = Math.floor(tokenCount(some) / 2);
        const longest = Math.max(...some.map((text) => tokenCount([text])));
        fc.pre(half > longest);
        const validationTokens = 1 + Math.floor(share * (half - longest - 1));
        const { train, validation, manifest } = await prepare(some, { seed, subsetTokens: half, validationTokens });
        expect([train.length, validation.length]).toEqual([half, validationTokens]);
        const training = documentsOf(train);
        const held = documentsOf(validation);
        expect(new Set(training.whole).size).toBe(training.whole.length);
        const trained = new Set([...training.whole]);
        expect(held.whole.filter((text) => trained.has(text))).toEqual([]);
        // The cut one is of the corpus as well, and neither it nor training's is counted on the other side.
        const isCutFrom = (text: string): boolean =>
          tokenizer.encode(text).slice(0, held.rest.length).join() === held.rest.join();
        expect(some.filter((text) => !trained.has(text)).some(isCutFrom)).toBe(true);
        const { documents, train: left, validation: right } = manifest;
        expect(left.documents + right!.documents).toBeLessThanOrEqual(documents.unique);
      }),
      { numRuns: 40 },
    );
  });

  it('makes a smaller subset a prefix of a larger one, with the same validation tokens (property)', async () => {
    await fc.assert(
      fc.asyncProperty(texts, seeds, fc.nat(), async (some, seed, cut) => {
        const all = await prepare(some, { seed });
        const fewer = await prepare(some, { seed, subsetTokens: 1 + (cut % all.train.length) });
        expect(fewer.train).toEqual(all.train.slice(0, fewer.train.length));
      }),
      { numRuns: 25 },
    );
    const small = await prepare(corpus, { subsetTokens: 100, validationTokens: 150 });
    const large = await prepare(corpus, { subsetTokens: 500, validationTokens: 150 });
    expect(large.validation).toEqual(small.validation);
    const more = await prepare(corpus, { subsetTokens: 500, validationTokens: 300 });
    expect(more.train).toEqual(large.train);
    expect(more.validation.slice(0, 150)).toEqual(large.validation);
  });

  it('gives the same bytes for the same seed and text, in whatever order the text comes', async () => {
    const options = { subsetTokens: 300, validationTokens: 100 };
    const first = await prepare(corpus, options);
    const again = await prepare(corpus, options);
    const reversed = await prepare(corpus.toReversed(), options);
    const other = await prepare(corpus, { ...options, seed: 2 });
    for (const name of ['train.bin', 'validation.bin', 'manifest.json']) {
      const read = (from: Prepared): Promise<Buffer> => readFile(join(from.outFolder, name));
      expect(await read(again)).toEqual(await read(first));
      if (name !== 'manifest.json') expect(await read(reversed)).toEqual(await read(first));
      expect(await read(other)).not.toEqual(await read(first));
    }
  });

  it('drops exact duplicates and empty documents, and counts them', async () => {
    const { train, validation, manifest } = await prepare([...corpus, '  ', ...corpus, ...corpus.slice(0, 5), ''], {
      subsetTokens: 300,
      validationTokens: 200,
    });
    expect(manifest.documents).toEqual({ read: 127, empty: 2, duplicates: 65, unique: 60 });
    const trained = documentsOf(train).whole;
    expect(new Set(trained).size).toBe(trained.length);
    expect(documentsOf(validation).whole.filter((text) => trained.includes(text))).toEqual([]);
  });

  it('describes sources, tokenizer and files in the manifest', async () => {
    const { manifest, outFolder } = await prepare(['one text', 'two texts'], { validationTokens: 3, seed: 77 });
    const sha256 = async (path: string): Promise<string> =>
      createHash('sha256').update(await readFile(path)).digest('hex');
    const source = join(outFolder, '..', '..', 'text.jsonl');
    expect(manifest).toMatchObject({
      seed: 77,
      tokenizer: { fingerprint: tokenizer.fingerprint, vocabularySize: 420 },
      separatorTokenId: END,
      bytesPerToken: 2,
      sources: [{ files: [{ name: 'text.jsonl', kind: 'jsonl field text', sha256: await sha256(source) }] }],
      train: { shards: [{ file: 'train.bin', sha256: await sha256(join(outFolder, 'train.bin')) }] },
      validation: { tokens: 3, documents: 1 },
    });
  });

  it('reads paragraphs of a text file and a folder together', async () => {
    const base = join(folder, 'mixed');
    await mkdir(base);
    await writeFile(join(base, 'a.txt'), 'First.\n\nSecond.\n\nShared.\n');
    await writeFile(join(base, 'b.jsonl'), '{"text":"Shared."}\n{"text":"Third."}\n');
    const { train, manifest } = await prepare([], { sources: [{ path: base, documents: 'paragraph' }] });
    expect(documentsOf(train).whole.sort()).toEqual(['First.', 'Second.', 'Shared.', 'Third.']);
    expect(manifest.documents.duplicates).toBe(1);
  });
});

describe('refusals', () => {
  it('says how many tokens there are and how many were asked for', async () => {
    const there = tokenCount(corpus);
    const message = new RegExp(`hold ${String(there)} tokens .* data\\.subsetTokens asks for ${String(there + 1)}`);
    await expect(prepare(corpus, { subsetTokens: there + 1 })).rejects.toThrow(message);
    expect((await prepare(corpus, { subsetTokens: there })).train).toHaveLength(there);
    await expect(prepare(corpus, { validationTokens: there + 5 })).rejects.toThrow(
      new RegExp(`hold ${String(there)} tokens .* data\\.validationTokens asks for ${String(there + 5)}`),
    );
    await expect(prepare(['only one'], { validationTokens: 2 })).rejects.toThrow(/leaves 0 tokens to train on/);
  });

  it('leaves nothing behind when it fails', async () => {
    const outFolder = join(folder, 'failed', 'tokens');
    await expect(prepare(corpus, { subsetTokens: 1e6, outFolder })).rejects.toThrow(/too-little|asks for 1000000/);
    expect(await readdir(join(folder, 'failed'))).toEqual([]);
  });

  it('needs text, and a token to put between documents', async () => {
    await expect(prepare(['', ' '])).rejects.toThrow(/holds no text/);
    const bare = { ...tokenizer, eosTokenId: undefined };
    await expect(prepare(corpus, { tokenizer: bare })).rejects.toThrow(/neither an EOS nor a BOS token/);
    const bosOnly = await prepare(corpus, { tokenizer: { ...bare, bosTokenId: 7 } });
    expect(bosOnly.manifest.separatorTokenId).toBe(7);
  });

  it('replaces an earlier result and nothing else', async () => {
    const { outFolder } = await prepare(corpus);
    await prepare(corpus, { outFolder: `${outFolder}/`, subsetTokens: 50 });
    expect(await readdir(join(outFolder, '..'))).toEqual(['tokens']);
    await writeFile(join(outFolder, 'notes.md'), 'mine');
    await expect(prepare(corpus, { outFolder })).rejects.toThrow(/is not empty \(it holds notes\.md\)/);
    expect(existsSync(join(outFolder, 'notes.md'))).toBe(true);
  });
});

describe('openPrepared', () => {
  it('finds a changed, a cut and a missing file, and another tokenizer', async () => {
    const { outFolder, train } = await prepare(corpus);
    const path = join(outFolder, 'train.bin');
    const bytes = await readFile(path);
    await expect(openPrepared(outFolder, { fingerprint: 'f'.repeat(64) })).rejects.toThrow(/the model's is ffffffffffff/);
    const swapped = Buffer.from(bytes);
    swapped.writeUInt16LE((swapped.readUInt16LE(0) + 1) % 400, 0);
    await writeFile(path, swapped);
    await expect(openPrepared(outFolder)).rejects.toThrow(/train\.bin has the sha256 /);
    await appendFile(path, Buffer.alloc(2));
    const counts = new RegExp(`has ${String(train.length + 1)} tokens and manifest\\.json says ${String(train.length)}`);
    await expect(openPrepared(outFolder)).rejects.toThrow(counts);
    await rm(path);
    await expect(openPrepared(outFolder)).rejects.toThrow(/no token file/);
    await writeFile(join(outFolder, 'manifest.json'), '{"format":"inheritune-tokens","version":1}');
    await expect(openPrepared(outFolder)).rejects.toThrow(/manifest\.json: field "version" is wrong/);
  });
});
