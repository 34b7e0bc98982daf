import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { createPreTokenizer } from './pre-tokenize.ts';

import type { PreTokenizerSpec } from './tokenizer-schema.ts';

const fixtures = JSON.parse(
  readFileSync(new URL('../../test/fixtures/data/split-behaviors.json', import.meta.url), 'utf8'),
) as { spec: PreTokenizerSpec; pieces: [string, string[]][] }[];

describe('pieces equal those of Python tokenizers', () => {
  it.each(fixtures.map(({ spec, pieces }) => [JSON.stringify(spec), spec, pieces] as const))('%s', (_, spec, pieces) => {
    const { split } = createPreTokenizer(spec);
    for (const [text, expected] of pieces) {
      expect({ text, pieces: split(text, true).filter((piece) => piece !== '') }).toEqual({ text, pieces: expected });
    }
  });
});

describe('createPreTokenizer', () => {
  it('refuses a step after the byte-level one', () => {
    const steps: PreTokenizerSpec[] = [
      { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
      { type: 'Digits', individual_digits: true },
    ];
    expect(() => createPreTokenizer({ type: 'Sequence', pretokenizers: steps })).toThrow(
      /"Digits" after "ByteLevel", which must be the last step/,
    );
  });

  it('refuses a pattern that JavaScript cannot run', () => {
    const pattern = { Regex: '(?<a>x)\\k<' };
    expect(() => createPreTokenizer({ type: 'Split', pattern, behavior: 'Isolated', invert: false })).toThrow(
      /cannot be used in JavaScript/,
    );
  });
});
