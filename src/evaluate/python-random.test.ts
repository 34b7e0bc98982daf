import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PythonRandom } from './python-random.ts';

// Drawn by CPython itself: test/reference/lm_eval_tasks.py.
const fixture = z
  .object({
    random: z.array(
      z.object({
        seed: z.number(),
        first: z.array(z.number()),
        samples: z.array(z.object({ n: z.number(), k: z.number(), drawn: z.array(z.number()) })),
        late: z.array(z.number()),
      }),
    ),
  })
  .parse(
    JSON.parse(
      readFileSync(new URL('../../test/fixtures/evaluate/python-values.json', import.meta.url), 'utf8'),
    ),
  );

describe.each(fixture.random)('seed $seed', ({ seed, first, samples, late }) => {
  it('draws what CPython draws, call after call', () => {
    const random = new PythonRandom(seed);
    expect(first.map(() => random.uint32())).toEqual(first);
    for (const { n, k, drawn } of samples)
      expect(random.sample(range(n), k), `${String(k)} of ${String(n)}`).toEqual(drawn);
    const many = range(40398);
    let last: number[] = [];
    for (let i = 0; i < 150; i++) last = random.sample(many, 6);
    expect(last).toEqual(late);
  });
});

describe('sample', () => {
  it('holds k different members, whichever way they are drawn', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.integer({ min: 1, max: 400 }), fc.nat(40), (seed, n, k) => {
        fc.pre(k <= n);
        const drawn = new PythonRandom(seed).sample(range(n), k);
        expect(new Set(drawn).size).toBe(k);
        expect(drawn.length).toBe(k);
        expect(drawn.every((index) => index >= 0 && index < n)).toBe(true);
      }),
    );
  });

  it('refuses to draw more than there is', () => {
    expect(() => new PythonRandom(1234).sample(range(5), 6)).toThrow(
      'A sample of 6 cannot be drawn from 5 rows.',
    );
  });
});

describe('below', () => {
  it('stays below n and reaches both ends', () => {
    const random = new PythonRandom(7);
    const seen = new Set(Array.from({ length: 200 }, () => random.below(5)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(random.below(1)).toBe(0);
  });
});

it.each([-1, 1.5, 2 ** 32, Number.NaN])('refuses the seed %s', (seed) => {
  expect(() => new PythonRandom(seed)).toThrow(RangeError);
});

function range(n: number): number[] {
  return Array.from({ length: n }, (_, index) => index);
}
