import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CHART_POINTS, lossChart } from './loss-chart.ts';

const pointsOf = (chart: string): number[] =>
  (/line \[(.*)\]/.exec(chart)?.[1] ?? '').split(', ').map(Number);

it('draws a short run point by point', () => {
  const losses = [5, 4, 3].map((loss, i) => ({ step: i + 1, loss }));
  expect(lossChart(losses)).toBe(
    [
      '```mermaid',
      'xychart-beta',
      '  title "Training loss (nats per token)"',
      '  x-axis "Optimizer step" 1 --> 3',
      '  y-axis "Loss" 2.900 --> 5.100',
      '  line [5.000, 4.000, 3.000]',
      '```',
    ].join('\n'),
  );
});

it('bounds its points and keeps them within the axis, whatever the losses', () => {
  const losses = fc.array(fc.record({ step: fc.nat(100_000), loss: fc.double({ min: 0, max: 100 }) }), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(losses, (values) => {
      const chart = lossChart(values);
      if (chart === undefined) return;
      expect(chart).not.toMatch(/NaN|Infinity|e-|e\+/);
      const points = pointsOf(chart);
      const [low = 0, high = 0] = (/y-axis "Loss" (\S+) --> (\S+)/.exec(chart) ?? []).slice(1).map(Number);
      expect(points.length).toBeLessThanOrEqual(CHART_POINTS);
      expect(Math.min(...points)).toBeGreaterThanOrEqual(low - 0.001);
      expect(Math.max(...points)).toBeLessThanOrEqual(high + 0.001);
    }),
  );
});

it('has 60 points for a million steps, the last near the last loss', () => {
  const losses = Array.from({ length: 100_000 }, (_, i) => ({ step: 10 * i, loss: 10 - i / 20_000 }));
  const points = pointsOf(lossChart(losses) ?? '');
  expect(points).toHaveLength(CHART_POINTS);
  expect(points.at(-1)).toBeCloseTo(5, 1);
});

it('is left out where there is nothing to draw', () => {
  expect(lossChart([])).toBeUndefined();
  expect(lossChart([{ step: 1, loss: 2 }])).toBeUndefined();
  expect(
    lossChart([
      { step: 1, loss: Number.NaN },
      { step: 2, loss: 3 },
    ]),
  ).toBeUndefined();
});
