import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { silentProgress } from '../progress.ts';
import { loadTokenizer } from './json-tokenizer.ts';
import { createNativeEncoder } from './native-encoder.ts';
import { openPrepared } from './open-prepared.ts';
import { prepareTokens } from './prepare.ts';
import { openTokenFile } from './token-file.ts';
import { seededRandom } from './seeded-random.ts';

import type { PrepareOptions } from './prepare-options.ts';
import type { TokenManifest } from './token-manifest.ts';

const tokenizer = loadTokenizer({
  tokenizerJson: readFileSync(new URL('../../test/fixtures/data/smollm-like.tokenizer.json', import.meta.url)),
  config: { eos_token_id: 0 },
});
const PROGRAM = fileURLToPath(new URL('../../test/fixtures/data/prepare-program.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

let folder: string;
let sources: { web: string; code: string; books: string };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prepare-shards-'));
  sources = { web: join(folder, 'web.jsonl'), code: join(folder, 'code.jsonl'), books: join(folder, 'books.jsonl') };
  const random = seededRandom(7);
  const words = Array.from({ length: 4000 }, (_, i) => `word${String(i)}`);
  for (const [name, count, most] of [['web', 3000, 60], ['code', 900, 150], ['books', 60, 3000]] as const) {
    const lines = Array.from({ length: count }, (_, i) => {
      const text = Array.from({ length: 1 + random.nextInt(most) }, () => words[random.nextInt(4000)]).join(' ');
      return JSON.stringify({ text: `${name} ${String(i)} ${text}` });
    });
    await writeFile(sources[name], `${lines.join('\n')}\n`);
  }
});
afterAll(() => rm(folder, { recursive: true }));

let runs = 0;
async function prepare(options: Partial<PrepareOptions>): Promise<{ manifest: TokenManifest; outFolder: string }> {
  const outFolder = options.outFolder ?? join(folder, `run-${String((runs += 1))}`);
  const manifest = await prepareTokens({
    sources: [{ path: sources.web }],
    tokenizer,
    validationTokens: 0,
    seed: 5,
    progress: silentProgress,
    workers: 0,
    ...options,
    outFolder,
  });
  return { manifest, outFolder };
}

async function hashes(outFolder: string): Promise<Record<string, string>> {
  const names = (await readdir(outFolder)).sort();
  const pairs = names.map(async (name) => {
    const bytes = await readFile(join(outFolder, name));
    return [name, createHash('sha256').update(bytes).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

async function tokensOf(outFolder: string, name: 'train' | 'validation' = 'train'): Promise<Int32Array> {
  const file = await openTokenFile(join(outFolder, `${name}.bin`), { vocabularySize: tokenizer.vocabularySize });
  const ids = await file.readTokens(0, file.tokens);
  await file.close();
  return ids;
}

describe('shards', () => {
  it('hold the same tokens as one file, and are read as one sequence', async () => {
    const one = await prepare({ subsetTokens: 50_001 });
    const many = await prepare({ subsetTokens: 50_001, shardTokens: 7000 });
    expect(many.manifest.train.shards.map(({ file, tokens }) => [file, tokens])).toEqual([
      ...Array.from({ length: 7 }, (_, i) => [`train-0000${String(i)}.bin`, 7000]),
      ['train-00007.bin', 1001],
    ]);
    const whole = await tokensOf(one.outFolder);
    expect(await tokensOf(many.outFolder)).toEqual(whole);
    const file = await openTokenFile(join(many.outFolder, 'train.bin'), { vocabularySize: tokenizer.vocabularySize });
    expect(await file.readTokens(6990, 14_020)).toEqual(whole.slice(6990, 6990 + 14_020));
    await expect(file.readTokens(50_000, 2)).rejects.toThrow(/the file has 50001/);
    await file.close();
    await (await openPrepared(many.outFolder)).close();
  });

  it('hold four bytes a token where two are too few for the vocabulary', async () => {
    const narrow = await prepare({ subsetTokens: 5000 });
    const wide = await prepare({ subsetTokens: 5000, tokenizer: { ...tokenizer, vocabularySize: 70_000 } });
    expect([narrow, wide].map(({ manifest }) => manifest.bytesPerToken)).toEqual([2, 4]);
    const bytes = await readFile(join(wide.outFolder, 'train.bin'));
    expect(bytes).toHaveLength(20_000);
    expect(Int32Array.from({ length: 5000 }, (_, i) => bytes.readUInt32LE(4 * i))).toEqual(await tokensOf(narrow.outFolder));
    await (await openPrepared(wide.outFolder)).close();
  });

  it('are verified on reading, every one', async () => {
    const { outFolder } = await prepare({ subsetTokens: 20_000, shardTokens: 6000 });
    const path = join(outFolder, 'train-00002.bin');
    const bytes = await readFile(path);
    bytes[100]! ^= 1;
    await writeFile(path, bytes);
    await expect(openPrepared(outFolder)).rejects.toThrow(/train-00002\.bin has the sha256/);
    await rm(path);
    await expect(openPrepared(outFolder)).rejects.toThrow(/no token file .*train-00002\.bin/);
  });

  it('are the same whatever the number of workers and the engine', async () => {
    const options = {
      sources: [{ path: sources.web, weight: 3 }, { path: sources.code, weight: 1 }],
      ...{ subsetTokens: 90_000, validationTokens: 5000, shardTokens: 20_000 },
    };
    const alone = await hashes((await prepare(options)).outFolder);
    expect(Object.keys(alone)).toHaveLength(7);
    const hasNative = createNativeEncoder(tokenizer.files!) !== undefined;
    for (const more of [{ workers: 3 }, ...(hasNative ? [{ workers: 0, engine: 'native' } as const] : [])]) {
      expect(await hashes((await prepare({ ...options, ...more })).outFolder)).toEqual(alone);
    }
  });
});

describe('mixture', () => {
  const mixed = (): PrepareOptions['sources'] => [
    { path: sources.web, weight: 0.67 },
    { path: sources.code, weight: 2.3 / 10 },
    { path: sources.books, weight: 0.1 },
  ];

  it('gives each source its share of the tokens, within one document', async () => {
    const { manifest } = await prepare({ sources: mixed(), subsetTokens: 60_000, validationTokens: 6000 });
    const longest = 3000 * 6;
    for (const part of ['train', 'validation'] as const) {
      const total = manifest[part]!.tokens;
      expect(manifest.sources.reduce((sum, source) => sum + source[part].tokens, 0)).toBe(total);
      for (const source of manifest.sources) {
        expect(Math.abs(source[part].tokens - source.share! * total)).toBeLessThan(longest);
      }
    }
    const { train, validation } = manifest;
    expect(manifest.sources.reduce((sum, source) => sum + source.train.documents, 0)).toBe(train.documents);
    expect(manifest.sources.reduce((sum, source) => sum + source.validation.documents, 0)).toBe(validation!.documents);
  });

  it('keeps to the shares closely where documents are short', async () => {
    const { manifest } = await prepare({
      sources: [{ path: sources.web, weight: 3 }, { path: sources.code, weight: 1 }],
      subsetTokens: 80_000,
    });
    const [web, code] = manifest.sources.map(({ train }) => train.tokens) as [number, number];
    const longest = 150 * 8;
    expect(web + code).toBe(80_000);
    expect(Math.abs(web - 60_000)).toBeLessThan(longest);
  });

  it('goes over a source that runs out as often as it may, and over held-out documents once', async () => {
    const uneven = (passes?: number): PrepareOptions['sources'] => [
      { path: sources.web, weight: 1 },
      { path: sources.code, weight: 9, ...(passes === undefined ? {} : { passes }) },
    ];
    const whole = await prepare({ sources: uneven(), validationTokens: 3000 });
    const options = { subsetTokens: 2 * whole.manifest.train.tokens, validationTokens: 3000 };
    await expect(prepare({ ...options, sources: uneven() })).rejects.toThrow(/raise its passes/);
    const { manifest, outFolder } = await prepare({ ...options, sources: uneven(4) });
    const code = manifest.sources[1]!;
    expect(manifest.train.tokens).toBe(options.subsetTokens);
    expect(code.train.documents).toBeGreaterThan(code.documents.unique);
    expect(code.train.documents).toBeLessThan(4 * code.documents.unique);
    expect(code.train.tokens / options.subsetTokens).toBeCloseTo(0.9, 1);
    const first = await tokensOf(whole.outFolder);
    expect((await tokensOf(outFolder)).slice(0, first.length)).toEqual(first);
    expect(await tokensOf(outFolder, 'validation')).toEqual(await tokensOf(whole.outFolder, 'validation'));
  });

  it('makes a smaller subset a prefix of a larger one, with the same validation', async () => {
    const small = await prepare({ sources: mixed(), subsetTokens: 20_000, validationTokens: 3000 });
    const large = await prepare({ sources: mixed(), subsetTokens: 40_000, validationTokens: 3000, shardTokens: 9000 });
    expect((await tokensOf(large.outFolder)).slice(0, 20_000)).toEqual(await tokensOf(small.outFolder));
    expect(await tokensOf(large.outFolder, 'validation')).toEqual(await tokensOf(small.outFolder, 'validation'));
  });

  it('says which source is short', async () => {
    await expect(prepare({ sources: mixed(), subsetTokens: 5_000_000 })).rejects.toThrow(
      /The source .*(web|code|books)\.jsonl holds \d+ tokens .* enough for \d+ tokens of the mixture, and data\.subsetTokens asks for 5000000/,
    );
    await expect(prepare({ sources: [{ path: sources.web, weight: 1 }, { path: sources.code }] })).rejects.toThrow(
      /code\.jsonl no weight, and others have one/,
    );
  });

  it('drops documents that two sources share from the second', async () => {
    const copy = join(folder, 'copy.jsonl');
    await writeFile(copy, `${readFileSync(sources.books, 'utf8')}{"text":"only here"}\n`);
    const { manifest } = await prepare({ sources: [{ path: sources.books }, { path: copy }] });
    expect(manifest.sources.map(({ documents }) => documents)).toEqual([
      { read: 60, empty: 0, duplicates: 0, unique: 60 },
      { read: 61, empty: 0, duplicates: 60, unique: 1 },
    ]);
  });
});

describe('an interrupted preparation', () => {
  const options = (outFolder: string): object => ({
    sources: [{ path: sources.web, weight: 3 }, { path: sources.code, weight: 1 }],
    ...{ subsetTokens: 150_000, validationTokens: 9000, shardTokens: 9000, seed: 5, workers: 2, outFolder },
  });
  const start = (outFolder: string): ReturnType<typeof spawn> =>
    spawn(process.execPath, ['--import', 'tsx', PROGRAM, JSON.stringify(options(outFolder))], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  it('goes on after kill -9 at any moment and gives the same bytes', async () => {
    const whole = await hashes((await prepare({ ...options(''), outFolder: join(folder, 'whole'), workers: 0 })).outFolder);
    const outFolder = join(folder, 'killed');
    const random = seededRandom(Date.now());
    let kills = 0;
    for (; kills < 4 && !existsSync(join(outFolder, 'manifest.json')); kills += 1) {
      const child = start(outFolder);
      // Waited for from the start: a quick machine may have finished before the kill.
      const exited = once(child, 'exit');
      await once(child.stdout!, 'data');
      await new Promise((resolve) => setTimeout(resolve, random.nextInt(2500)));
      child.kill('SIGKILL');
      await exited;
    }
    const last = start(outFolder);
    expect(await once(last, 'exit')).toEqual([0, null]);
    expect(await hashes(outFolder)).toEqual(whole);
    expect(existsSync(`${outFolder}.partial`)).toBe(false);
  });

  it('stops at a signal and goes on from the last complete shard', async () => {
    const abort = new AbortController();
    const outFolder = join(folder, 'aborted');
    const stopping = {
      ...silentProgress,
      start: (label: string) => ({
        end: () => undefined,
        advance: (units: number) => {
          if (label === 'Tokenizing' && (seen += units) > 60_000) abort.abort(new Error('stop'));
        },
      }),
    };
    let seen = 0;
    const shared = { subsetTokens: 100_000, shardTokens: 9000, outFolder };
    await expect(prepare({ ...shared, progress: stopping, signal: abort.signal })).rejects.toThrow('stop');
    const kept = await hashes(join(`${outFolder}.partial`, 'result'));
    expect(Object.keys(kept)).toHaveLength(6);
    const notes: string[] = [];
    await prepare({ ...shared, progress: { ...silentProgress, note: (text) => notes.push(text) } });
    expect(notes.join()).toMatch(/going on from what an interrupted run left/);
    expect(await hashes(outFolder)).toMatchObject(kept);
    const { outFolder: fresh } = await prepare({ ...shared, outFolder: join(folder, 'fresh') });
    expect(await hashes(outFolder)).toEqual(await hashes(fresh));
  });

  it('starts anew with other inputs, and refuses to share its folder with a living process', async () => {
    const outFolder = join(folder, 'busy');
    const work = `${outFolder}.partial`;
    await mkdir(work);
    await writeFile(join(work, 'state.json'), JSON.stringify({ version: 1, inputs: 'others', train: {} }));
    await writeFile(join(work, 'owner.json'), JSON.stringify({ pid: process.ppid, host: hostname() }));
    await expect(prepare({ outFolder })).rejects.toThrow(/is preparing .*busy already/);
    await writeFile(join(work, 'owner.json'), JSON.stringify({ pid: 2 ** 30, host: hostname() }));
    await prepare({ outFolder, subsetTokens: 5000 });
    expect(await readdir(outFolder)).toEqual(['manifest.json', 'train.bin']);
  });
});

it('a source that is wrong ends the process with its error, workers or not', async () => {
  const run = promisify(execFile);
  const bad = join(folder, 'bad.jsonl');
  await writeFile(bad, `{"text":"${'a '.repeat(50)}"}\n`.repeat(3) + '{"text":3}\n');
  const options = { sources: [{ path: bad }], validationTokens: 0, seed: 1, workers: 2, outFolder: join(folder, 'failing') };
  const failed = run(process.execPath, ['--import', 'tsx', PROGRAM, JSON.stringify(options)], { cwd: ROOT });
  await expect(failed).rejects.toThrow(/field "text" is 3, not text/);
});
