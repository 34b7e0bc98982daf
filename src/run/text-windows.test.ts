import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modelFixture, openFixture } from '../../test/support/model-fixtures.ts';
import { loadCheckpointTokenizer } from '../data/checkpoint-tokenizer.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import { parseConfig } from '../model/config.ts';
import type { OpenModel } from './open-model.ts';
import { textWindows } from './text-windows.ts';

let folder: string;
let model: OpenModel;
let tokenizer: Tokenizer;
const signal = new AbortController().signal;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'text-windows-'));
  const checkpoint = await openFixture('small-run');
  const config = parseConfig(checkpoint.config, 'config.json');
  model = { checkpoint, config, location: modelFixture('small-run') };
  tokenizer = await loadCheckpointTokenizer(checkpoint);
});
afterAll(async () => {
  await model.checkpoint.close();
  await rm(folder, { recursive: true, force: true });
});

async function windowsOf(name: string, content: string | Uint8Array, windows: number, windowLength: number) {
  const text = join(folder, name);
  await writeFile(text, content);
  return textWindows({ text, windows, windowLength }, model, signal);
}

describe('textWindows', () => {
  test('are the tokens of the documents with the separator behind each', async () => {
    const ids = ['a first document', 'and a second one'].flatMap((text) => [
      ...tokenizer.encode(text, { addSpecialTokens: false }),
      tokenizer.eosTokenId!,
    ]);
    const lines = '{"text":"a first document"}\n{"text":"and a second one"}\n';
    const windows = await windowsOf('two.jsonl', lines, 100, 5);
    expect(windows).toHaveLength(Math.floor(ids.length / 5));
    expect(windows.flatMap((window) => Array.from(window))).toEqual(ids.slice(0, 5 * windows.length));
  });

  test('of the beginning of a long text are those of the whole of it', async () => {
    const text = 'the quick brown fox jumps over the lazy dog; '.repeat(2000);
    const ids = tokenizer.encode(text, { addSpecialTokens: false });
    const windows = await windowsOf('long.txt', text, 3, 7);
    expect(windows.flatMap((window) => Array.from(window))).toEqual(ids.slice(0, 21));
  });

  test('of a .bin file are its ids', async () => {
    const ids = Uint16Array.from({ length: 25 }, (_, i) => i);
    const windows = await windowsOf('ids.bin', new Uint8Array(ids.buffer), 9, 10);
    expect(windows.map((window) => window[0])).toEqual([0, 10]);
  });

  test.each([
    ['short.txt', 'one two', 100, 'short.txt has', 'shorter window length'],
    ['text.txt', 'one two', 513, 'longer than the 512 positions', 'shorter window length'],
    ['text.md', 'one two', 5, 'text.md is not a', 'Convert it'],
    ['packed.txt.gz', 'one two', 5, 'packed.txt.gz is not a plain', 'Unpack it'],
    ['ids.bin', new Uint8Array([255, 255]), 2, 'ids.bin', 'vocabulary'],
  ])('of %s are refused', async (name, content, length, ...words) => {
    const failing = windowsOf(name, content, 1, length);
    for (const word of words) await expect(failing).rejects.toThrow(word);
  });
});
