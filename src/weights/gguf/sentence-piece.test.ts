import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';
import { expect, it } from 'vitest';
import type { GgufValue } from './gguf-cursor.ts';
import { tokenizerFiles } from './gguf-tokenizer.ts';

const fixture = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/weights/sentencepiece.json', import.meta.url), 'utf8'),
) as {
  readonly tokens: string[];
  readonly scores: number[];
  readonly types: number[];
  readonly texts: readonly string[];
  readonly ids: readonly number[][];
};

function load(more: Readonly<Record<string, GgufValue>> = {}): Tokenizer {
  const values = new Map<string, GgufValue>(
    Object.entries({
      'tokenizer.ggml.model': 'llama',
      'tokenizer.ggml.tokens': fixture.tokens,
      'tokenizer.ggml.scores': fixture.scores,
      'tokenizer.ggml.token_type': fixture.types,
      'tokenizer.ggml.unknown_token_id': 0,
      'tokenizer.ggml.bos_token_id': 1,
      'tokenizer.ggml.eos_token_id': 2,
      ...more,
    }),
  );
  const files = tokenizerFiles({ file: 'm.gguf', values });
  return new Tokenizer(JSON.parse(files.tokenizer) as object, JSON.parse(files.tokenizerConfig) as object);
}

it.each(fixture.texts.map((text, i) => [text, fixture.ids[i]!] as const))(
  'gives the ids of SentencePiece itself for %j',
  (text, ids) => {
    expect(load().encode(text).ids).toEqual(ids);
  },
);

it('adds no BOS and no leading space where the file says so', () => {
  const tokenizer = load({ 'tokenizer.ggml.add_bos_token': false, 'tokenizer.ggml.add_space_prefix': false });
  // The only piece for the whole word begins with the space that is not there.
  expect(tokenizer.encode('the').tokens).toEqual(['th', 'e']);
});

it('decodes back to the text, bytes included', () => {
  const tokenizer = load();
  for (const [i, text] of fixture.texts.entries()) {
    if (text.includes('<s>') || text.includes('▁')) continue;
    expect(tokenizer.decode(fixture.ids[i]!, { skip_special_tokens: true })).toBe(text);
  }
});
