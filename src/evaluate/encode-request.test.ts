import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadTokenizer } from '../data/json-tokenizer.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import { encodeRequest, requestEncoder } from './encode-request.ts';
import { EvaluateError } from './evaluate-error.ts';

// What lm-eval 0.4.13 fed to a model, with two tiny tokenizers: test/reference/lm_eval_tasks.py.
const fixture = z
  .record(
    z.string(),
    z.object({
      maxLength: z.number(),
      special: z.record(z.string(), z.unknown()),
      tokenizer: z.unknown(),
      cases: z.array(
        z.object({
          addBos: z.boolean().nullable(),
          context: z.string(),
          continuation: z.string(),
          input: z.array(z.number()).optional(),
          targets: z.array(z.number()).optional(),
          refused: z.string().optional(),
        }),
      ),
    }),
  )
  .parse(
    JSON.parse(
      readFileSync(new URL('../../test/fixtures/evaluate/encode-request.json', import.meta.url), 'utf8'),
    ),
  );

describe.each(Object.entries(fixture))('%s-like tokenizer', (name, { maxLength, cases }) => {
  const tokenizer = tokenizerOf(name);

  it.each(cases)(
    'add_bos_token $addBos: "$context" + "$continuation"',
    ({ addBos, refused, input, targets, ...request }) => {
      const encode = () =>
        encodeRequest(request, tokenizer, { maxLength, ...(addBos === null ? {} : { addBos }) });
      if (refused !== undefined) {
        expect(encode).toThrow(EvaluateError);
        return;
      }
      const encoded = encode();
      expect(encoded.input).toEqual(input);
      expect(encoded.targets).toEqual(targets);
    },
  );
});

describe('requestEncoder', () => {
  const tokenizer = tokenizerOf('llama');
  const long = 'First Citizen: before we proceed any further, hear me speak';

  it('counts the tokens that were cut from the left', () => {
    const whole = encodeRequest({ context: long, continuation: ' S' }, tokenizer, { maxLength: 100 });
    const cut = encodeRequest({ context: long, continuation: ' S' }, tokenizer, { maxLength: 10 });
    expect(whole.truncated).toBe(0);
    expect(cut.truncated).toBe(whole.input.length - 10);
    expect(cut.input).toEqual(whole.input.slice(-10));
  });

  it('encodes a context once for all of its choices and shares the input of one-token choices', () => {
    const seen: string[] = [];
    const encode = requestEncoder(
      { ...tokenizer, encode: (text, options) => (seen.push(text), tokenizer.encode(text, options)) },
      { maxLength: 100 },
    );
    const a = encode({ context: 'What shall we do?', continuation: ' A' }, 'a');
    const b = encode({ context: 'What shall we do?', continuation: ' B' }, 'b');
    expect(seen.filter((text) => text === 'What shall we do?').length).toBe(1);
    expect(a.input).toBe(b.input);
    expect(a.targets).not.toEqual(b.targets);
  });

  it('names the item whose continuation is longer than the model', () => {
    const encode = requestEncoder(tokenizer, { maxLength: 3 });
    expect(() =>
      encode({ context: 'short', continuation: ' a continuation' }, 'piqa item 7, choice 1'),
    ).toThrow(
      /^piqa item 7, choice 1: the continuation has \d+ tokens, more than the model's context of 3\./,
    );
  });

  it('names the item whose continuation is empty', () => {
    const encode = requestEncoder(tokenizer, { maxLength: 30 });
    expect(() => encode({ context: 'short', continuation: '' }, 'piqa item 7, choice 1')).toThrow(
      /^piqa item 7, choice 1: the continuation "" has no tokens/,
    );
  });

  it('names the item whose text is no Unicode', () => {
    const encode = requestEncoder(tokenizer, { maxLength: 30 });
    expect(() => encode({ context: 'half \ud83d', continuation: ' a' }, 'boolq item 0, choice 0')).toThrow(
      /^boolq item 0, choice 0: /,
    );
  });

  it('refuses a context length that is not a positive whole number', () => {
    expect(() => requestEncoder(tokenizer, { maxLength: 0 })).toThrow(
      'The context length 0 is not a whole number from 1.',
    );
  });
});

function tokenizerOf(name: string): Tokenizer {
  const { tokenizer, special } = fixture[name]!;
  const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  return loadTokenizer({ tokenizerJson: bytes(tokenizer), tokenizerConfig: bytes(special) });
}
