import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, recipeHash } from './recipe-hash.ts';

describe('canonicalJson', () => {
  // Example of RFC 8785, section 3.2.3.
  it('orders keys by UTF-16 code units', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(canonicalJson(value)).toBe(
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
    );
  });

  it('stays valid JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, () => 1, new Map(), [undefined], 1n])(
    'refuses %s',
    (value) => {
      expect(() => canonicalJson({ value })).toThrow(/has no canonical JSON/);
    },
  );
});

describe('recipeHash', () => {
  it('is the sha256 of the canonical text', () => {
    // printf '%s' '{"a":[1,0.0003],"b":"x"}' | sha256sum
    expect(recipeHash({ b: 'x', a: [1, 3e-4] })).toBe(
      '6316608384bfdd1c9a9f49e4e06b74b801057cfb18b39b3f840fa814be7929de',
    );
  });

  it('does not depend on key order or on absent fields', () => {
    expect(recipeHash({ a: 1, b: { c: 2, d: 3 } })).toBe(
      recipeHash({ b: { d: 3, c: 2 }, a: 1, e: undefined }),
    );
  });

  it('depends on list order and on every value', () => {
    const hashes = [{ a: [1, 2] }, { a: [2, 1] }, { a: [1, '2'] }, { a: [1, 2], b: null }].map(recipeHash);
    expect(new Set(hashes).size).toBe(4);
  });
});
