import { readFileSync, readdirSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { loadTokenizer } from './json-tokenizer.ts';
import { createNativeEncoder } from './native-encoder.ts';
import { chooseEngine } from './text-encoder.ts';

const FIXTURES = new URL('../../test/fixtures/data/', import.meta.url);
const CORPUS = new URL('../../data/corpus/wikitext.txt', import.meta.url);

const kinds = readdirSync(FIXTURES)
  .filter((name) => name.endsWith('.tokenizer.json'))
  .map((name) => name.replace('.tokenizer.json', ''));
const modelOf = (kind: string): Uint8Array => readFileSync(new URL(`${kind}.tokenizer.json`, FIXTURES));
const casesOf = (kind: string): readonly { text: string; plainIds: number[] }[] =>
  (
    JSON.parse(readFileSync(new URL(`${kind}.ids.json`, FIXTURES), 'utf8')) as {
      cases: { text: string; plainIds: number[] }[];
    }
  ).cases;
const nativeOf = (kind: string) => createNativeEncoder({ kind: 'tokenizer.json', model: modelOf(kind) });

describe.skipIf(nativeOf('gpt2-like') === undefined)('the Rust binding (skipped where the package does not load)', () => {
  it.each(kinds)('%s: gives the ids of Python tokenizers, also of odd Unicode', async (kind) => {
    const cases = casesOf(kind);
    const found = await nativeOf(kind)!(cases.map(({ text }) => text));
    for (const [i, { text, plainIds }] of cases.entries())
      expect({ text, ids: Array.from(found[i]!) }).toEqual({ text, ids: plainIds });
  });

  it.each(kinds)('%s: gives the ids of the JavaScript code on a whole corpus', async (kind) => {
    const texts = readFileSync(CORPUS, 'utf8').split(/\n\n+/);
    const tokenizer = loadTokenizer({ tokenizerJson: modelOf(kind) });
    const found = await nativeOf(kind)!(texts);
    const differs = texts.filter((text, i) => {
      const ids = tokenizer.encode(text, { addSpecialTokens: false });
      return ids.length !== found[i]!.length || ids.some((id, at) => id !== found[i]![at]);
    });
    expect(texts.length).toBeGreaterThan(500);
    expect(differs).toEqual([]);
  });

  it('refuses half a surrogate pair as the JavaScript code does, and does not replace it', async () => {
    await expect(nativeOf('gpt2-like')!(['whole', 'ab\ud83d'])).rejects.toThrow(
      /half a surrogate pair \(U\+D83D\) at UTF-16 position 2/,
    );
  });

  it('leaves the work to the JavaScript code where the two agree on a sample', async () => {
    const files = { kind: 'tokenizer.json', model: modelOf('gpt2-like') } as const;
    expect(await chooseEngine(files, ['Hello world'])).toBe('javascript');
  });
});

it('is not there for a tokenizer.model', () => {
  expect(createNativeEncoder({ kind: 'tokenizer.model', model: new Uint8Array() })).toBeUndefined();
});
