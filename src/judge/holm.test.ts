import fc from 'fast-check';
import { expect, it } from 'vitest';
import { holmAdjust } from './holm.ts';

// R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03 0.06 0.06 0.02.
it('equals p.adjust of R', () => {
  expect(holmAdjust([0.01, 0.04, 0.03, 0.005]).map((p) => Number(p.toFixed(12)))).toEqual([
    0.03, 0.06, 0.06, 0.02,
  ]);
});

it('never lowers a p-value, never leaves [0, 1], and keeps their order', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), (pValues) => {
      const adjusted = holmAdjust(pValues);
      expect(adjusted).toHaveLength(pValues.length);
      adjusted.forEach((p, i) => {
        expect(p).toBeGreaterThanOrEqual(pValues[i]!);
        expect(p).toBeLessThanOrEqual(1);
        adjusted.forEach((q, j) => {
          if (pValues[i]! < pValues[j]!) expect(p).toBeLessThanOrEqual(q);
        });
      });
    }),
  );
});
