import { LineChart as LineSeries } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([LineSeries, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

export type ChartPoint = readonly [x: number, y: number];

export interface ChartCurve {
  /** Curves with one label, in several panels, share a colour and a place in the legend. */
  readonly label: string;
  readonly points: readonly ChartPoint[];
  /** `dashed` marks its points: for values measured now and then. `faint` lies behind the others and not in the legend. */
  readonly style?: 'solid' | 'dashed' | 'faint';
  /** Index of a colour that several curves share; without it each label has its own, and a faint curve another. */
  readonly colour?: number;
}

export interface ChartPanel {
  readonly title?: string;
  readonly curves: readonly ChartCurve[];
}

export interface LineChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Side by side, with one legend below. */
  readonly panels: readonly ChartPanel[];
  /** Ends of the vertical axis; as the values need where it is not given. */
  readonly yRange?: readonly [low: number, high: number];
  readonly xTick?: (value: number) => string;
  readonly yTick?: (value: number) => string;
  /** A dashed horizontal line. */
  readonly level?: number;
  /** Pixels of one panel with its axes. */
  readonly panelWidth?: number;
  readonly panelHeight?: number;
}

/** Told apart also by people who do not see red and green apart (Okabe and Ito, 2008, without yellow). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];
const LEFT = 62;
const RIGHT = 24;
const TOP = 62;
const BELOW_AXIS = 56;
const LEGEND_ROW = 20;
/** Of the legend's 12-pixel text in a wide font, and of an entry's line and gaps. */
const CHARACTER_WIDTH = 6.8;
const ENTRY_WIDTH = 50;

/** Curves as an SVG file that needs no script and no font of its own. */
export function lineChartSvg(chart: LineChart): string {
  const { title, panels, panelWidth = 800, panelHeight = 420 } = chart;
  const width = panelWidth * panels.length;
  const legend = legendOf(panels, width - LEFT - RIGHT);
  const height = panelHeight + LEGEND_ROW * legend.rows;
  const instance = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    instance.setOption({
      ...{ animation: false, backgroundColor: '#fff', color: COLOURS },
      title: [
        { text: title, left: LEFT, top: 10, textStyle: { fontSize: 15 } },
        ...panels.map((panel, i) => ({
          ...{ text: panel.title ?? '', left: LEFT + i * panelWidth, top: 36 },
          textStyle: { fontSize: 12, fontWeight: 'normal' },
        })),
      ],
      legend: legend.options,
      grid: panels.map((_, i) => ({
        ...{ left: LEFT + i * panelWidth, width: panelWidth - LEFT - RIGHT },
        ...{ top: TOP, height: panelHeight - TOP - BELOW_AXIS },
      })),
      xAxis: panels.map((_, i) => ({ ...axis(i, chart.xLabel, 30, chart.xTick), max: 'dataMax' })),
      yAxis: panels.map((_, i) => ({
        ...axis(i, chart.yLabel, 46, chart.yTick),
        ...(chart.yRange === undefined ? {} : { min: chart.yRange[0], max: chart.yRange[1] }),
      })),
      series: panels.flatMap(({ curves }, i) => curves.map((curve, at) => series(curve, i, at, chart.level))),
    });
    return `${withoutCounters(instance.renderToSVGString())}\n`;
  } finally {
    instance.dispose();
  }
}

/** Without what the library numbers through the life of a process: styles for a mouse above an element, and ids. */
function withoutCounters(svg: string): string {
  return svg
    .replace(/<style ?>[^]*?<\/style>\n?/, '')
    .replace(/ class="zr\d+-cls-\d+"| pointer-events="visible"/g, '')
    .replace(/\bzr\d+-c(\d+)\b/g, 'clip-$1');
}

function axis(gridIndex: number, name: string, nameGap: number, tick?: (value: number) => string): object {
  return {
    ...{ type: 'value', scale: true, gridIndex, name, nameGap, nameLocation: 'middle' },
    axisLabel: { hideOverlap: true, ...(tick === undefined ? {} : { formatter: tick }) },
  };
}

function series(curve: ChartCurve, panel: number, at: number, level: number | undefined): object {
  const { label, points, style = 'solid', colour } = curve;
  const faint = style === 'faint';
  return {
    ...{ type: 'line', name: faint ? `${label} (as measured)` : label, data: points },
    ...{ xAxisIndex: panel, yAxisIndex: panel },
    // More points than pixels neither show more nor keep the file small.
    ...(style === 'dashed' ? { symbol: 'circle', symbolSize: 5 } : { symbol: 'none', sampling: 'lttb' }),
    lineStyle: {
      width: faint ? 1 : 2,
      type: style === 'dashed' ? 'dashed' : 'solid',
      opacity: faint ? 0.3 : 1,
    },
    ...(colour === undefined ? {} : { color: COLOURS[colour % COLOURS.length] }),
    z: faint ? 1 : 2,
    ...(level === undefined || at > 0 ? {} : { markLine: levelLine(level) }),
  };
}

function levelLine(level: number): object {
  return {
    ...{ silent: true, symbol: 'none', label: { show: false }, data: [{ yAxis: level }] },
    lineStyle: { color: '#666', type: 'dashed', width: 1 },
  };
}

/**
 * Entries in columns as wide as the longest label. Each is a legend of its own, put where it belongs: the library guesses
 * the widths of texts where nothing is drawn on a screen, and lets wide ones overlap.
 */
function legendOf(panels: readonly ChartPanel[], room: number): { options: object[]; rows: number } {
  const styles = new Map(panels.flatMap(({ curves }) => curves.map(({ label, style }) => [label, style])));
  const shown = [...styles].filter(([, style]) => style !== 'faint');
  const width = ENTRY_WIDTH + CHARACTER_WIDTH * Math.max(0, ...shown.map(([{ length }]) => length));
  const columns = Math.max(1, Math.floor(room / width));
  const rows = Math.ceil(shown.length / columns);
  const options = shown.map(([label, style], i) => ({
    ...{ data: [label], itemWidth: 28, padding: 0, selectedMode: false },
    left: LEFT + (i % columns) * width,
    bottom: 10 + LEGEND_ROW * (rows - 1 - Math.floor(i / columns)),
    // A line without markers has none in the legend.
    itemStyle: { opacity: style === 'dashed' ? 1 : 0 },
  }));
  return { options, rows };
}
