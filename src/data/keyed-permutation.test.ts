import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { keyedPermutation } from './keyed-permutation.ts';

const all = (size: number, seed: number, stream?: number): number[] => {
  const permute = keyedPermutation(size, seed, stream);
  return Array.from({ length: size }, (_, i) => permute(i));
};

describe('keyedPermutation', () => {
  it('is a bijection for every size and seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.maxSafeInteger(), fc.nat(), (size, seed, stream) => {
        const values = new Set(all(size, seed, stream));
        return values.size === size && Math.min(...values) === 0 && Math.max(...values) === size - 1;
      }),
    );
  });

  it('differs between seeds and between streams', () => {
    expect(all(100, 1)).not.toEqual(all(100, 2));
    expect(all(100, 1, 0)).not.toEqual(all(100, 1, 1));
    expect(all(100, 1, 5)).toEqual(all(100, 1, 5));
  });

  it('sends index 0 everywhere equally often over seeds', () => {
    const counts = Array<number>(10).fill(0);
    for (let seed = 0; seed < 20_000; seed += 1) counts[keyedPermutation(10, seed)(0)]! += 1;
    const chiSquare = counts.reduce((sum, n) => sum + (n - 2000) ** 2 / 2000, 0);
    // 99.9th percentile at 9 degrees of freedom.
    expect(chiSquare).toBeLessThan(27.88);
  });

  it('leaves no more neighbours together than chance does', () => {
    const values = all(10_000, 4);
    const adjacent = values.filter((value, i) => value + 1 === values[i + 1]).length;
    // Expected 1; 10 or more has a probability below 1e-6.
    expect(adjacent).toBeLessThan(10);
  });

  it('works far beyond 32 bits', () => {
    const permute = keyedPermutation(2 ** 45, 7);
    const images = Array.from({ length: 1000 }, (_, i) => permute(i));
    expect(new Set(images).size).toBe(1000);
    expect(Math.max(...images)).toBeGreaterThan(2 ** 44);
  });

  it('refuses an index outside', () => {
    expect(() => keyedPermutation(5, 1)(5)).toThrow(RangeError);
  });
});
