import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededBits, uniform } from './seeded-random.ts';
import { signFlipTest } from './sign-flip.ts';

const options = { seed: 1, resamples: 999 };

describe('signFlipTest', () => {
  it('counts all signs where they are few', () => {
    // Of the 8 sign patterns of 1, 2, 4 only +++ and --- reach a sum of 7.
    expect(signFlipTest([1, 2, 4], options)).toBe(2 / 8);
  });

  it('is 1 where nothing differs', () => {
    expect(signFlipTest([0, 0, 0], options)).toBe(1);
    expect(signFlipTest([], options)).toBe(1);
  });

  it('sampled and exact p-values agree', () => {
    const bits = seededBits(7);
    const thirteen = Array.from({ length: 13 }, () => uniform(bits) - 0.3);
    const exact = signFlipTest(thirteen, options);
    // A fourteenth value too small to matter moves the same data to the sampled path.
    const sampled = signFlipTest([...thirteen, 1e-9], { seed: 3, resamples: 20_000 });
    expect(Math.abs(sampled - exact)).toBeLessThan(0.01);
  });

  it('gives the same p-value for the same seed, whatever the sign', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 40 }), (values) => {
        const p = signFlipTest(values, options);
        expect(signFlipTest(values, options)).toBe(p);
        expect(
          signFlipTest(
            values.map((v) => -v),
            options,
          ),
        ).toBe(p);
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is uniform under the null hypothesis', () => {
    const bits = seededBits(99);
    const rounds = 1000;
    const below = { 0.05: 0, 0.2: 0, 0.5: 0 };
    for (let round = 0; round < rounds; round++) {
      const values = Array.from({ length: 25 }, () => uniform(bits) - uniform(bits));
      const p = signFlipTest(values, { seed: round, resamples: 399 });
      for (const level of [0.05, 0.2, 0.5] as const) if (p <= level) below[level]++;
    }
    // Four standard errors of a binomial share.
    for (const level of [0.05, 0.2, 0.5] as const) {
      expect(Math.abs(below[level] / rounds - level)).toBeLessThan(
        4 * Math.sqrt((level * (1 - level)) / rounds),
      );
    }
  });
});
