import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rankSumTest } from './rank-sum.ts';

it.each([
  // scipy.stats.mannwhitneyu(head, base, method='exact').pvalue
  [[1, 2, 3], [4, 5, 6], 0.1],
  [[1, 3, 5, 7], [2, 4, 6, 8], 0.6857142857142857],
  [[1, 2, 3, 4], [5, 6, 7, 8, 9], 0.015873015873015872],
  [[1], [2], 1],
])('%j and %j: p is %d, as scipy says', (base, head, p) => {
  expect(rankSumTest(base, head).pValue).toBeCloseTo(p, 12);
});

it('is what going through every division gives, with ties and values that were never reached', () => {
  const value = fc.constantFrom(2, 4, 6, Infinity);
  const values = fc.array(value, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(values, values, (base, head) => {
      const all = [...base, ...head];
      const rank = (one: number): number =>
        all.filter((other) => other < one).length + (all.filter((other) => other === one).length + 1) / 2;
      const mean = (head.length * (all.length + 1)) / 2;
      const distance = (chosen: readonly number[]): number =>
        Math.abs(chosen.reduce((sum, one) => sum + rank(one), 0) - mean);
      const divisions = choices(all, head.length).map(distance);
      const share = divisions.filter((one) => one >= distance(head) - 1e-9).length / divisions.length;
      expect(rankSumTest(base, head).pValue).toBeCloseTo(share, 12);
    }),
  );
});

it('does not change when the sides do, and is 1 where all values are equal', () => {
  const values = fc.array(fc.constantFrom(2, 4, 6, Infinity), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(values, values, (base, head) => {
      expect(rankSumTest(base, head).pValue).toBeCloseTo(rankSumTest(head, base).pValue, 12);
    }),
  );
  expect(rankSumTest([4, 4, 4], [4, 4]).pValue).toBe(1);
});

function choices(from: readonly number[], count: number): number[][] {
  if (count === 0) return [[]];
  return from.flatMap((one, i) => choices(from.slice(i + 1), count - 1).map((rest) => [one, ...rest]));
}
