import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

import { describe, expect, it } from 'vitest';

import { loadTokenizer } from './json-tokenizer.ts';

/** As much of a tokenizer.json as the tests change. */
interface Spec {
  model: object;
}

interface Fixture {
  readonly vocabularySize: number;
  readonly cases: readonly {
    readonly text: string;
    readonly ids: number[];
    readonly plainIds: number[];
    /** Null where Python's own versions differ. */
    readonly decoded: string | null;
  }[];
}

const FIXTURES = new URL('../../test/fixtures/data/', import.meta.url);
const STORIES = new URL('../../../shared/data/models/stories260k/', import.meta.url);
const SMOLLM2 = process.env['INHERITUNE_SMOLLM2_TOKENIZER'];

const readFixture = (name: string): Fixture =>
  JSON.parse(readFileSync(new URL(`${name}.ids.json`, FIXTURES), 'utf8')) as Fixture;
const readTokenizer = (name: string): Uint8Array => readFileSync(new URL(`${name}.tokenizer.json`, FIXTURES));
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const changed = (name: string, change: (spec: Spec) => void): Uint8Array => {
  const spec = JSON.parse(new TextDecoder().decode(readTokenizer(name))) as Spec;
  change(spec);
  return bytes(spec);
};

function holdsTo(fixture: Fixture, tokenizerJson: Uint8Array): void {
  const tokenizer = loadTokenizer({ tokenizerJson });
  expect(tokenizer.vocabularySize).toBe(fixture.vocabularySize);
  for (const { text, ids, plainIds, decoded } of fixture.cases) {
    expect({ text, ids: tokenizer.encode(text) }).toEqual({ text, ids });
    expect({ text, ids: tokenizer.encode(text, { addSpecialTokens: false }) }).toEqual({ text, ids: plainIds });
    if (decoded !== null) expect({ text, decoded: tokenizer.decode(ids) }).toEqual({ text, decoded });
  }
}

describe('ids and text equal those of Python tokenizers', () => {
  const kinds = readdirSync(FIXTURES)
    .filter((name) => name.endsWith('.tokenizer.json'))
    .map((name) => name.replace('.tokenizer.json', ''));
  it('has fixtures of all kinds', () => {
    expect(kinds).toHaveLength(10);
  });
  it.each(kinds)('%s', (kind) => {
    holdsTo(readFixture(kind), readTokenizer(kind));
  });
  it.skipIf(!existsSync(STORIES))('stories260k (skipped where ../shared is absent)', () => {
    holdsTo(readFixture('stories260k'), readFileSync(new URL('tokenizer.json', STORIES)));
  });
  it.skipIf(SMOLLM2 === undefined)('SmolLM2 (skipped without INHERITUNE_SMOLLM2_TOKENIZER)', () => {
    holdsTo(readFixture('smollm2'), readFileSync(SMOLLM2!));
  });
});

describe('special tokens', () => {
  it('takes BOS and EOS from tokenizer_config.json, as text or as an object', () => {
    const tokenizer = loadTokenizer({
      tokenizerJson: readTokenizer('llama2-like'),
      tokenizerConfig: bytes({ bos_token: '<s>', eos_token: { content: '</s>', lstrip: false } }),
      config: { bos_token_id: 0, eos_token_id: 0 },
    });
    expect([tokenizer.bosTokenId, tokenizer.eosTokenId, tokenizer.bosToken]).toEqual([1, 2, '<s>']);
  });

  it('falls back on the ids of config.json, the first of a list', () => {
    const tokenizer = loadTokenizer({
      tokenizerJson: readTokenizer('llama2-like'),
      tokenizerConfig: bytes({ bos_token: null }),
      config: { bos_token_id: 1, eos_token_id: [2, 0] },
    });
    expect([tokenizer.bosTokenId, tokenizer.eosTokenId, tokenizer.bosToken]).toEqual([1, 2, '<s>']);
  });

  it('has none where no file names one', () => {
    const tokenizer = loadTokenizer({ tokenizerJson: readTokenizer('gpt2-like') });
    expect([tokenizer.bosTokenId, tokenizer.eosTokenId]).toEqual([undefined, undefined]);
  });

  it('refuses a named token that the vocabulary lacks', () => {
    const tokenizerConfig = bytes({ eos_token: '<eot>' });
    expect(() => loadTokenizer({ tokenizerJson: readTokenizer('gpt2-like'), tokenizerConfig })).toThrow(
      /eos_token is "<eot>", which tokenizer\.json does not hold/,
    );
  });
});

describe('added tokens of tokenizer_config.json', () => {
  const load = (added: Record<string, unknown>): number =>
    loadTokenizer({
      tokenizerJson: readTokenizer('llama2-like'),
      tokenizerConfig: bytes({ added_tokens_decoder: added }),
    }).vocabularySize;

  it('may repeat those of tokenizer.json', () => {
    expect(load({ 1: { content: '<s>' }, 2: { content: '</s>' } })).toBe(readFixture('llama2-like').vocabularySize);
  });

  it.each([
    [{ 900: { content: '<extra>' } }, /gives "<extra>" the id 900, and tokenizer\.json does not hold it/],
    [{ 5: { content: '<s>' } }, /gives "<s>" the id 5, and tokenizer\.json gives it 1/],
  ])('are refused where they differ: %j', (added, message) => {
    expect(() => load(added)).toThrow(message);
  });
});

describe('refusals', () => {
  it.each<[string, (spec: Spec) => void, RegExp]>([
    ['another model', (s) => Object.assign(s, { model: { type: 'Unigram', vocab: [] } }), /"model\.type" holds "Unigram"/],
    ['dropout', (s) => Object.assign(s.model, { dropout: 0.1 }), /"model\.dropout" holds 0\.1/],
    ['a word suffix', (s) => Object.assign(s.model, { end_of_word_suffix: '</w>' }), /"model\.end_of_word_suffix"/],
    ['a lossy normalizer', (s) => Object.assign(s, { normalizer: { type: 'BertNormalizer' } }), /"normalizer\.type" holds "BertNormalizer"/],
    ['an unknown pre-tokenizer', (s) => Object.assign(s, { pre_tokenizer: { type: 'BertPreTokenizer' } }), /"pre_tokenizer\.type" holds "BertPreTokenizer"/],
    ['a merge outside the vocabulary', (s) => Object.assign(s.model, { merges: [['q', 'zzz']] }), /model\.merges\[0\] uses "zzz"/],
  ])('%s', (_, change, message) => {
    expect(() => loadTokenizer({ tokenizerJson: changed('gpt2-like', change) })).toThrow(message);
  });

  it('a file that is not JSON', () => {
    expect(() => loadTokenizer({ tokenizerJson: new TextEncoder().encode('{"model":') })).toThrow(
      /tokenizer\.json is not valid JSON/,
    );
  });

  it('half a surrogate pair, with its position', () => {
    const tokenizer = loadTokenizer({ tokenizerJson: readTokenizer('gpt2-like') });
    expect(() => tokenizer.encode('ab\ud83d')).toThrow(/half a surrogate pair \(U\+D83D\) at UTF-16 position 2/);
    expect(tokenizer.decode(tokenizer.encode('ab\ud83d\ude00'))).toBe('ab\ud83d\ude00');
  });
});

describe('fingerprint', () => {
  it('changes with the tokenizer and with its end-of-text id, and with nothing else', () => {
    const of = (kind: string, config?: Record<string, unknown>): string =>
      loadTokenizer({ tokenizerJson: readTokenizer(kind), config }).fingerprint;
    expect(of('gpt2-like')).toMatch(/^[0-9a-f]{64}$/);
    expect(of('gpt2-like', { hidden_size: 3 })).toBe(of('gpt2-like'));
    expect(of('gpt2-like')).not.toBe(of('prefix-space'));
    expect(of('gpt2-like', { eos_token_id: 0 })).not.toBe(of('gpt2-like'));
  });
});

describe('long documents', () => {
  // One piece of 150,000 characters takes half a second; work that grows with the square would take minutes.
  it.each(['gpt2-like', 'llama2-like', 'metaspace-always'])(
    '%s: text without a place to split is not quadratic',
    (kind) => {
      const tokenizer = loadTokenizer({ tokenizerJson: readTokenizer(kind) });
      const start = performance.now();
      for (const unit of ['a', ' ']) tokenizer.encode(unit.repeat(150_000));
      expect(performance.now() - start).toBeLessThan(40_000);
    },
  );
});
