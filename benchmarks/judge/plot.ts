import { lineChartSvg } from '../../src/report/line-chart.ts';
import type { ChartPanel } from '../../src/report/line-chart.ts';

/** Shares of reports over points lost, with a dashed line at the 5 % that a rule may be wrong. */
export function sharePlot(title: string, panels: readonly ChartPanel[]): string {
  return lineChartSvg({
    ...{ title, panels, xLabel: 'Points lost', yLabel: 'Share of reports', level: 0.05 },
    ...{ yRange: [0, 1], yTick: (share) => `${100 * share} %`, panelWidth: 430, panelHeight: 330 },
  });
}
