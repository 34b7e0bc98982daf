import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { loadSentencePiece } from './load-sentence-piece.ts';

import type { Tokenizer, TokenizerFiles } from '../tokenizer.ts';

const FIXTURES = new URL('../../../test/fixtures/data/sentencepiece/', import.meta.url);
const CORPUS = new URL('../../../../shared/data/corpus/', import.meta.url);
const SHIPPED = new URL('../../../data/corpus/wikitext.txt', import.meta.url);
const corpora = JSON.parse(readFileSync(new URL('corpora.json', FIXTURES), 'utf8')) as Record<
  string,
  Record<string, { tokens: number; sha256: string }>
>;
const names = Object.keys(corpora);
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const modelOf = (name: string): Uint8Array => gunzipSync(readFileSync(new URL(`${name}.model.gz`, FIXTURES)));
const load = (name: string, files: Partial<TokenizerFiles> = {}): Tokenizer =>
  loadSentencePiece({ kind: 'tokenizer.model', model: files.model ?? modelOf(name), ...files });
const textsOf = (file: URL): string[] => {
  const text = readFileSync(file, 'utf8');
  if (file.pathname.endsWith('.txt')) return [text];
  return text.split('\n').filter(Boolean).map((line) => (JSON.parse(line) as { text: string }).text);
};

/** Number and hash of the ids of a file's texts, as the fixtures have them. */
function summaryOf(tokenizer: Tokenizer, file: URL): { tokens: number; sha256: string } {
  const hash = createHash('sha256');
  let tokens = 0;
  for (const text of textsOf(file)) {
    const ids = tokenizer.encode(text, { addSpecialTokens: false });
    tokens += ids.length;
    hash.update(Uint32Array.from(ids));
  }
  return { tokens, sha256: hash.digest('hex') };
}

describe('ids and text equal those of Python sentencepiece', () => {
  it.each(names)('%s', (name) => {
    const { vocabularySize, cases, corpus } = JSON.parse(readFileSync(new URL(`${name}.ids.json`, FIXTURES), 'utf8')) as {
      vocabularySize: number;
      cases: { text: string; ids: number[]; decoded: string }[];
      corpus: { tokens: number; sha256: string };
    };
    const tokenizer = load(name);
    expect(tokenizer.vocabularySize).toBe(vocabularySize);
    for (const { text, ids, decoded } of cases) {
      expect({ text, ids: tokenizer.encode(text, { addSpecialTokens: false }) }).toEqual({ text, ids });
      expect({ text, decoded: tokenizer.decode(ids) }).toEqual({ text, decoded });
    }
    expect(summaryOf(tokenizer, SHIPPED)).toEqual(corpus);
  });

  it.skipIf(!existsSync(CORPUS)).each(names)('%s on whole corpora (skipped where ../shared is absent)', (name) => {
    const tokenizer = load(name);
    const files = Object.keys(corpora[name]!);
    const found = Object.fromEntries(files.map((file) => [file, summaryOf(tokenizer, new URL(file, CORPUS))]));
    expect(found).toEqual(corpora[name]);
  });
});

describe('special tokens', () => {
  it('are those of the model, and BOS goes in front as in LlamaTokenizer', () => {
    const tokenizer = load('llama-bpe');
    expect([tokenizer.bosTokenId, tokenizer.eosTokenId, tokenizer.bosToken]).toEqual([1, 2, '<s>']);
    const plain = tokenizer.encode('Hello', { addSpecialTokens: false });
    expect(tokenizer.encode('Hello')).toEqual([1, ...plain]);
  });

  it('follow tokenizer_config.json', () => {
    const tokenizerConfig = bytesOf({ add_bos_token: false, add_eos_token: true, eos_token: { content: '<s>' } });
    const tokenizer = load('llama-bpe', { tokenizerConfig });
    const plain = tokenizer.encode('Hello', { addSpecialTokens: false });
    expect(tokenizer.encode('Hello')).toEqual([...plain, 1]);
    expect(tokenizer.fingerprint).not.toBe(load('llama-bpe').fingerprint);
  });

  it('are refused where the model lacks them', () => {
    const added = bytesOf({ added_tokens_decoder: { 32_000: { content: '<pad>' } } });
    expect(() => load('llama-bpe', { tokenizerConfig: added })).toThrow(
      /gives "<pad>" the id 32000, and tokenizer\.model does not hold it/,
    );
  });
});

describe('refusals', () => {
  it('a model of words or characters', () => {
    // A piece "a", and a trainer of type word: fields 1.1 and 2.3 of the protobuf.
    const model = Uint8Array.of(0x0a, 3, 0x0a, 1, 0x61, 0x12, 2, 0x18, 3);
    expect(() => load('', { model })).toThrow(/tokenizer\.model is of type word, and only unigram and bpe are supported/);
  });

  it('a file that is cut off, or no model', () => {
    const model = modelOf('llama-bpe');
    expect(() => load('', { model: model.subarray(0, 1000) })).toThrow(/tokenizer\.model is not a SentencePiece model/);
    expect(() => load('', { model: bytesOf({ version: '1.0' }) })).toThrow(/tokenizer\.model is not a SentencePiece/);
  });

  it('half a surrogate pair', () => {
    expect(() => load('llama-bpe').encode('ab\ud83d')).toThrow(/half a surrogate pair \(U\+D83D\)/);
  });
});
