import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  confidenceText,
  count,
  duration,
  fixed,
  percent,
  percentWithError,
  perplexity,
  pointsWithInterval,
  pValue,
  signedPoints,
} from './number-format.ts';

it.each([
  [percent(0.469), '46.90'],
  [percent(undefined), '–'],
  [percentWithError(0.469, 0.0093), '46.90 ± 0.93'],
  [percentWithError(1, 'N/A'), '100.00'],
  [signedPoints(0.028), '+2.80'],
  [signedPoints(-0.0031), '−0.31'],
  [signedPoints(-0.00001), '0.00'],
  [signedPoints(0.00001), '0.00'],
  [pointsWithInterval(0.02, { lower: -0.01, upper: 0.05 }), '+2.00 [−1.00, +5.00]'],
  [pointsWithInterval(0.5, { lower: -Infinity, upper: Infinity }), '+50.00 [−∞, +∞]'],
  [count(1815638400), '1,815,638,400'],
  [count(999), '999'],
  [perplexity(3365.391), '3,365.39'],
  [perplexity(1.8e10), '1.80 × 10^10'],
  [perplexity(Infinity), '∞'],
  [pValue(0.04567), '0.0457'],
  [pValue(1e-9), '< 0.0001'],
  [duration(0.42), '0.4 s'],
  [duration(9.97), '10 s'],
  [duration(59.7), '1 min 00 s'],
  [duration(185), '3 min 05 s'],
  [duration(3599.9), '1 h 00 min'],
  [duration(3725), '1 h 02 min'],
  [duration(73_080), '20 h 18 min'],
  [confidenceText(0.95), '95 %'],
  [confidenceText(1 - 0.95), '5 %'],
  [confidenceText(0.999), '99.9 %'],
])('%s', (text, wanted) => expect(text).toBe(wanted));

it('prints no NaN, no ASCII minus and no negative zero, whatever the number', () => {
  fc.assert(
    fc.property(fc.double(), fc.double(), (a, b) => {
      const texts = [
        fixed(a, 2),
        percent(a),
        percentWithError(a, b),
        signedPoints(a),
        count(a),
        duration(a),
        perplexity(a),
      ];
      for (const text of [...texts, pValue(a), pointsWithInterval(a, { lower: b, upper: a })]) {
        expect(text).not.toMatch(/NaN|Infinity|-|−0\.?0*($|[^.\d])/);
      }
    }),
  );
});
