import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { seededRandom, xoshiro128 } from './seeded-random.ts';

describe('xoshiro128**', () => {
  it('gives the published vector for the state 1, 2, 3, 4', () => {
    const random = xoshiro128([1, 2, 3, 4]);
    const drawn = Array.from({ length: 10 }, () => random.nextUint32());
    // rand_xoshiro (Rust), src/xoshiro128starstar.rs, "reference" test.
    expect(drawn).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });
});

describe('seeds', () => {
  const first = (seed: number, stream?: number): number => seededRandom(seed, stream).nextUint32();

  it('are reproducible', () => {
    expect(first(42)).toBe(first(42));
  });

  it('count in all their bits and in the stream', () => {
    const seeds = [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 52];
    const values = [...seeds.map((seed) => first(seed)), first(0, 1), first(1, 1), first(0, 2 ** 33)];
    expect(new Set(values).size).toBe(values.length);
  });

  it('that are not whole numbers are refused', () => {
    expect(() => seededRandom(0.5)).toThrow(RangeError);
  });
});

describe('nextInt', () => {
  it('is uniform: chi-square of 70,000 draws over 7 values', () => {
    const random = seededRandom(3);
    const counts = Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i += 1) counts[random.nextInt(7)]! += 1;
    const chiSquare = counts.reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0);
    // 99.9th percentile at 6 degrees of freedom.
    expect(chiSquare).toBeLessThan(22.46);
  });

  it('stays below its bound, up to 2^32', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, bound) => {
        const drawn = seededRandom(seed).nextInt(bound);
        return Number.isInteger(drawn) && drawn >= 0 && drawn < bound;
      }),
    );
  });
});

describe('shuffle', () => {
  it('keeps every item', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer()), (seed, items) => {
        const shuffled = seededRandom(seed).shuffle([...items]);
        expect(shuffled.sort((a, b) => a - b)).toEqual([...items].sort((a, b) => a - b));
      }),
    );
  });

  it('puts each item first equally often', () => {
    const random = seededRandom(9);
    const counts = Array<number>(5).fill(0);
    for (let i = 0; i < 20_000; i += 1) counts[random.shuffle([0, 1, 2, 3, 4])[0]!]! += 1;
    for (const count of counts) expect(Math.abs(count - 4000)).toBeLessThan(250);
  });
});
