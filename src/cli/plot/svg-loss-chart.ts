import { lineChartSvg } from '../../report/line-chart.ts';
import type { ChartCurve } from '../../report/line-chart.ts';
import { humanCount } from '../progress/human-numbers.ts';
import type { LossCurves } from './loss-curves.ts';

/** Loss curves as an SVG file: a colour for each run, validation losses dashed. */
export function svgLossChart(runs: readonly LossCurves[], x: 'step' | 'tokens'): string {
  return lineChartSvg({
    title: 'Loss',
    xLabel: x === 'step' ? 'Optimizer step' : 'Tokens',
    yLabel: 'Nats per token',
    xTick: humanCount,
    panels: [{ curves: runs.flatMap(curvesOf) }],
  });
}

function curvesOf({ name, training, measured, validation }: LossCurves, colour: number): ChartCurve[] {
  const label = `${name}, training`;
  const curves: ChartCurve[] = [
    ...(measured === undefined ? [] : [{ label, points: measured, style: 'faint', colour } as const]),
    { label, points: training, colour },
    { label: `${name}, validation`, points: validation, style: 'dashed', colour },
  ];
  return curves.filter(({ points }) => points.length > 0);
}
