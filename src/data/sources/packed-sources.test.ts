import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createReadStream, createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { silentProgress } from '../../progress.ts';
import { loadTokenizer } from '../json-tokenizer.ts';
import { prepareTokens } from '../prepare.ts';
import { openTokenFile } from '../token-file.ts';
import { createJavaScriptUnzstd } from './unpack-file.ts';

import type { TokenManifest } from '../token-manifest.ts';

const PACKED = fileURLToPath(new URL('../../../test/fixtures/data/packed/', import.meta.url));
const SMALL = new URL('../../../test/fixtures/data/smollm-like.tokenizer.json', import.meta.url);

let folder: string;
let expected: { manifest: TokenManifest; tokens: Int32Array };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packed-'));
  const texts = JSON.parse(await readFile(join(PACKED, 'texts.json'), 'utf8')) as (string | null)[];
  await writeFile(join(folder, 'plain.jsonl'), texts.map((text) => `${JSON.stringify({ text: text ?? '' })}\n`).join(''));
  expected = await prepared(join(folder, 'plain.jsonl'));
});
afterAll(() => rm(folder, { recursive: true }));

let runs = 0;
async function prepared(path: string, field?: string): Promise<{ manifest: TokenManifest; tokens: Int32Array }> {
  const tokenizer = loadTokenizer({ tokenizerJson: await readFile(SMALL), config: { eos_token_id: 0 } });
  const outFolder = join(folder, `out-${String((runs += 1))}`);
  const manifest = await prepareTokens({
    ...{ sources: [{ path, field }], tokenizer, validationTokens: 0, seed: 1, outFolder },
    ...{ progress: silentProgress, workers: 0 },
  });
  const file = await openTokenFile(join(outFolder, 'train.bin'), tokenizer);
  const tokens = await file.readTokens(0, file.tokens);
  await file.close();
  return { manifest, tokens };
}

describe('packed text gives the tokens of the plain text', () => {
  it.each([
    ...['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4', 'v2-large'].map((name) => `${name}.parquet`),
    ...['members.jsonl.gz', 'frames.jsonl.zst'],
  ])('%s', async (name) => {
    const { manifest, tokens } = await prepared(join(PACKED, name));
    expect(tokens).toEqual(expected.tokens);
    expect(manifest.documents).toEqual({ read: 403, empty: 3, duplicates: 0, unique: 400 });
    expect(manifest.sources[0]!.files[0]).toMatchObject({ name });
  });

  it('nanoGPT .bin, parted by the separator', async () => {
    const path = join(folder, 'again.bin');
    await writeFile(path, Uint16Array.from(expected.tokens.toReversed()).reverse());
    const { manifest, tokens } = await prepared(path);
    expect(manifest.documents.unique).toBe(400);
    expect(documentsOf(tokens)).toEqual(documentsOf(expected.tokens));
  });

  it('zstd in plain JavaScript, where Node has none of its own', async () => {
    const path = join(folder, 'unpacked.jsonl');
    await pipeline(createReadStream(join(PACKED, 'frames.jsonl.zst')), createJavaScriptUnzstd(), createWriteStream(path));
    expect((await prepared(path)).tokens).toEqual(expected.tokens);
  });
});

describe('refusals', () => {
  it.each([
    ['members.jsonl.gz', /cut-members\.jsonl\.gz cannot be unpacked as gzip/],
    ['frames.jsonl.zst', /cut-frames\.jsonl\.zst cannot be unpacked as zstd/],
    ['snappy.parquet', /cut-snappy\.parquet cannot be read as parquet/],
  ])('%s cut off', async (name, message) => {
    const path = join(folder, `cut-${name}`);
    const bytes = await readFile(join(PACKED, name));
    await writeFile(path, bytes.subarray(0, bytes.length - 40));
    await expect(prepared(path)).rejects.toThrow(message);
  });

  it('a column that is absent or no text', async () => {
    const path = join(PACKED, 'zstd.parquet');
    await expect(prepared(path, 'body')).rejects.toThrow(/there is no column "body" \(columns there: id, text, meta\)/);
    await expect(prepared(path, 'id')).rejects.toThrow(/row 0: column "id" is bigint, not text/);
  });

  it('ids outside the vocabulary', async () => {
    const path = join(folder, 'large.bin');
    await writeFile(path, Uint16Array.of(1, 2, 0, 5, 420, 0));
    await expect(prepared(path)).rejects.toThrow(/large\.bin: token 4 is 420, and the vocabulary has 420 ids/);
    await writeFile(path, Uint8Array.of(1, 0, 2));
    await expect(prepared(path)).rejects.toThrow(/large\.bin has 3 bytes, not a multiple of the 2/);
  });
});

function documentsOf(ids: Int32Array): string[] {
  return [...ids].join(' ').split(' 0').map((text) => text.trim()).sort();
}
