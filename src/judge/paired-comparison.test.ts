import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import continuous from '../../test/fixtures/judge/continuous.json' with { type: 'json' };
import { comparePaired } from './paired-comparison.ts';

const options = { confidence: 0.95, resamples: 499 };

describe('comparePaired', () => {
  it('uses McNemar and Tango for 0/1 scores', () => {
    const result = comparePaired([1, 1, 1, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 0, 0, 0], options);
    expect(result).toMatchObject({
      method: 'exactMcNemar',
      intervalMethod: 'tangoScore',
      difference: -5 / 8,
    });
    expect(result.discordant).toEqual({ onlyHead: 1, onlyBase: 6 });
    expect(result.pValue).toBeCloseTo(0.125, 12);
  });

  it.each(continuous)('continuous scores: interval and p-value equal scipy ($base.length items)', (one) => {
    const result = comparePaired(one.base, one.head, options);
    expect(result.method).toBe('signFlip');
    expect(result.pValue).toBeCloseTo(one.pValue, 12);
    expect(result.interval.lower).toBeCloseTo(Math.max(-1, one.lower), 9);
    expect(result.interval.upper).toBeCloseTo(Math.min(1, one.upper), 9);
  });

  it('swapping base and head flips the difference and its interval and keeps the p-value', () => {
    const scores = (score: fc.Arbitrary<number>): fc.Arbitrary<[number, number][]> =>
      fc.array(fc.tuple(score, score), { minLength: 1, maxLength: 60 });
    const either = fc.oneof(
      scores(fc.constantFrom(0, 1)),
      scores(fc.double({ min: 0, max: 1, noNaN: true })),
    );
    fc.assert(
      fc.property(either, (pairs) => {
        const [base, head] = [pairs.map(([left]) => left), pairs.map(([, right]) => right)];
        const [forth, back] = [comparePaired(base, head, options), comparePaired(head, base, options)];
        expect(back.difference).toBeCloseTo(-forth.difference, 12);
        expect(back.interval.lower).toBeCloseTo(-forth.interval.upper, 9);
        expect(back.interval.upper).toBeCloseTo(-forth.interval.lower, 9);
        expect(back.pValue).toBe(forth.pValue);
        expect(forth.pValue).toBeGreaterThan(0);
        expect(forth.pValue).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('one item says nothing', () => {
    expect(comparePaired([0.4], [0.9], options)).toMatchObject({
      pValue: 1,
      interval: { lower: -1, upper: 1 },
    });
  });

  it('clusters that repeat an item widen the interval to that of the distinct items', () => {
    const base = [0.2, 0.5, 0.9, 0.1, 0.7, 0.3];
    const head = [0.3, 0.4, 0.95, 0.4, 0.6, 0.5];
    const once = comparePaired(base, head, options);
    const twice = (values: number[]): number[] => values.flatMap((value) => [value, value]);
    const clusters = base.flatMap((_, i) => [`c${i}`, `c${i}`]);
    const clustered = comparePaired(twice(base), twice(head), { ...options, clusters });
    const naive = comparePaired(twice(base), twice(head), options);
    expect(clustered.interval.lower).toBeCloseTo(once.interval.lower, 12);
    expect(clustered.pValue).toBe(once.pValue);
    expect(naive.interval.lower).toBeGreaterThan(once.interval.lower);
  });

  it('refuses unpaired lists and scores that are no numbers', () => {
    expect(() => comparePaired([1], [1, 0], options)).toThrow('There are 1 scores in base, 2 in head');
    expect(() => comparePaired([], [], options)).toThrow('at least one');
    expect(() => comparePaired([1], [Number.NaN], options)).toThrow('A score is NaN');
  });
});
