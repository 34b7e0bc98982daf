import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import mcnemar from '../../test/fixtures/judge/mcnemar.json' with { type: 'json' };
import tango from '../../test/fixtures/judge/tango.json' with { type: 'json' };
import { exactMcNemar, tangoInterval } from './paired-binary.ts';

describe('exactMcNemar', () => {
  it.each(mcnemar)('%d : %d equals scipy.stats.binomtest', (b, c, wanted) => {
    expect(Math.abs(exactMcNemar(b!, c!) - wanted!)).toBeLessThanOrEqual(1e-9 * wanted! + 1e-300);
  });

  it('is a probability and does not care which side is which', () => {
    fc.assert(
      fc.property(fc.nat(3000), fc.nat(3000), (b, c) => {
        const p = exactMcNemar(b, c);
        expect(p).toBe(exactMcNemar(c, b));
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('tangoInterval', () => {
  it.each(tango)(
    'b=%d c=%d n=%d at %d equals the inverted score test',
    (b, c, n, confidence, lower, upper) => {
      const interval = tangoInterval(b!, c!, n!, confidence!);
      expect(interval.lower).toBeCloseTo(lower!, 7);
      expect(interval.upper).toBeCloseTo(upper!, 7);
    },
  );

  // Bentur et al. (2009), as in Fagerland, Lydersen & Laake (2014): -0.517 to -0.026.
  it('gives the published interval of the airway data', () => {
    const interval = tangoInterval(1, 7, 21, 0.95);
    expect(interval.lower).toBeCloseTo(-0.517, 3);
    expect(interval.upper).toBeCloseTo(-0.026, 3);
  });

  // R: PropCIs::scoreci.mp(25, 28, 618, 0.90) is -0.0148 to 0.0247 for (28 - 25) / 618.
  it('gives the interval of R package PropCIs', () => {
    const interval = tangoInterval(28, 25, 618, 0.9);
    expect(interval.lower).toBeCloseTo(-0.0148, 4);
    expect(interval.upper).toBeCloseTo(0.0247, 4);
  });

  it('holds the estimate, stays within -1 and 1, and mirrors when the sides are swapped', () => {
    const counts = fc.tuple(fc.nat(200), fc.nat(200), fc.integer({ min: 1, max: 500 }));
    fc.assert(
      fc.property(counts, ([b, c, rest]) => {
        const n = b + c + rest;
        const { lower, upper } = tangoInterval(b, c, n, 0.95);
        const mirrored = tangoInterval(c, b, n, 0.95);
        expect(lower).toBeGreaterThanOrEqual(-1);
        expect(upper).toBeLessThanOrEqual(1);
        expect(lower).toBeLessThan((b - c) / n);
        expect(upper).toBeGreaterThan((b - c) / n);
        expect(mirrored.lower).toBeCloseTo(-upper, 9);
        expect(mirrored.upper).toBeCloseTo(-lower, 9);
      }),
    );
  });

  it('has finite bounds at the edges of the table', () => {
    for (const [b, c, n] of [
      [1, 0, 1],
      [0, 1, 1],
      [0, 0, 1],
      [30, 0, 30],
      [0, 30, 30],
      [15, 15, 30],
    ] as const) {
      const { lower, upper } = tangoInterval(b, c, n, 0.95);
      expect(lower).toBeLessThanOrEqual((b - c) / n);
      expect(upper).toBeGreaterThanOrEqual((b - c) / n);
      expect(upper - lower).toBeGreaterThan(0);
      expect(Math.max(Math.abs(lower), Math.abs(upper))).toBeLessThanOrEqual(1);
    }
  });

  it('covers the true difference about as often as it says', () => {
    // Exact coverage over all outcomes of 40 pairs with P(only head) = 0.15 and P(only base) = 0.05.
    const [n, p, q] = [40, 0.15, 0.05];
    const logFactorial = (k: number): number => (k < 2 ? 0 : Math.log(k) + logFactorial(k - 1));
    let covered = 0;
    for (let b = 0; b <= n; b++) {
      for (let c = 0; b + c <= n; c++) {
        const { lower, upper } = tangoInterval(b, c, n, 0.95);
        const ways = logFactorial(n) - logFactorial(b) - logFactorial(c) - logFactorial(n - b - c);
        const probability = Math.exp(
          ways + b * Math.log(p) + c * Math.log(q) + (n - b - c) * Math.log(1 - p - q),
        );
        if (lower <= p - q && p - q <= upper) covered += probability;
      }
    }
    expect(covered).toBeGreaterThan(0.935);
    expect(covered).toBeLessThan(0.97);
  });
});
