import { plot } from 'simple-ascii-chart';
import type { ChartPoint } from '../../report/line-chart.ts';
import { humanCount } from '../progress/human-numbers.ts';
import type { LossCurves } from './loss-curves.ts';

export interface TerminalChartOptions {
  readonly x: 'step' | 'tokens';
  /** Columns of the terminal. */
  readonly columns: number;
  /** Whether it shows colours. */
  readonly colour: boolean;
}

/** One for each run, of its training and of its validation losses. */
const SYMBOLS = [
  ['·', '●'],
  ['+', '◆'],
  ['×', '■'],
  ['°', '▲'],
  ['~', '▼'],
] as const;
/** ANSI: blue, yellow, green, magenta, cyan. */
const COLOURS = [34, 33, 32, 35, 36] as const;
const ROWS = 18;
/** Columns that the axis with its numbers takes. */
const AXIS_COLUMNS = 10;
const LEAST_COLUMNS = 20;

interface Curve {
  readonly label: string;
  readonly symbol: string;
  readonly points: readonly ChartPoint[];
  /** Dense enough to be joined where it is steep. */
  readonly joined: boolean;
}

/** Loss curves in characters, and below a line for each with its last and its lowest value. */
export function terminalChart(runs: readonly LossCurves[], options: TerminalChartOptions): string {
  const width = Math.max(LEAST_COLUMNS, options.columns - AXIS_COLUMNS);
  const curves = runs.flatMap((run, i) => curvesOf(run, i, options.colour));
  const xs = curves.flatMap(({ points }) => points.map(([x]) => x));
  const [first, last] = [least(xs), -least(xs.map((x) => -x))];
  const drawn = curves.map((curve) => ({
    ...curve,
    points: curve.joined ? columnMeans(curve.points, first, last, width) : curve.points,
  }));
  const ys = drawn.flatMap(({ points }) => points.map(([, y]) => y));
  const chart = plot(
    drawn.map(({ points }) => points.map(([x, y]): [number, number] => [x, y])),
    {
      ...{ width, height: ROWS },
      customXAxisTicks: ticks(first, last, Math.max(2, Math.floor(width / 14))),
      customYAxisTicks: ticks(least(ys), -least(ys.map((y) => -y)), 6),
      formatter: (value, { axis }) => (axis === 'x' ? humanCount(value) : value.toFixed(2)),
      lineFormatter: symbolsOf(drawn),
    },
  );
  const label = `${options.x === 'step' ? 'optimizer step' : 'tokens'}; loss in nats per token`;
  return [
    ...chart
      .split('\n')
      .map((line) => line.trimEnd())
      .filter(Boolean),
    label,
    ...legend(curves),
  ].join('\n');
}

function curvesOf({ name, training, validation }: LossCurves, run: number, colour: boolean): Curve[] {
  const [dense, sparse] = SYMBOLS[run % SYMBOLS.length]!;
  const painted = (symbol: string): string =>
    colour ? `\x1b[${COLOURS[run % COLOURS.length]!}m${symbol}\x1b[0m` : symbol;
  const curves = [
    { label: `${name}, training`, symbol: painted(dense), points: training, joined: true },
    { label: `${name}, validation`, symbol: painted(sparse), points: validation, joined: false },
  ];
  return curves.filter(({ points }) => points.length > 0);
}

/** The library asks for each point of one curve after the other, without saying which curve; their indices start anew. */
function symbolsOf(curves: readonly Curve[]) {
  let at = -1;
  let previousRow = 0;
  return ({ index, plotX, plotY }: { index: number; plotX: number; plotY: number }) => {
    if (index === 0) at += 1;
    const { symbol, joined } = curves[at]!;
    const from = index === 0 || !joined ? plotY : previousRow;
    previousRow = plotY;
    // From the row after the last point's to this one's, all in this column.
    const step = Math.sign(plotY - from);
    const rows = Array.from(
      { length: Math.max(0, Math.abs(plotY - from) - 1) },
      (_, i) => from + step * (i + 1),
    );
    return [...rows, plotY].map((y) => ({ x: plotX, y, symbol }));
  };
}

/** The mean of each column's values; a column without any is left out. */
function columnMeans(
  points: readonly ChartPoint[],
  first: number,
  last: number,
  columns: number,
): ChartPoint[] {
  const sums = Array.from({ length: columns }, () => ({ sum: 0, count: 0 }));
  const step = (last - first) / (columns - 1) || 1;
  for (const [x, y] of points) {
    const place = sums[Math.round((x - first) / step)]!;
    place.sum += y;
    place.count += 1;
  }
  return sums.flatMap(({ sum, count }, i) => (count === 0 ? [] : [[first + i * step, sum / count] as const]));
}

/** Round numbers from `low` to `high`, `count` of them or fewer. */
function ticks(low: number, high: number, count: number): number[] {
  const raw = (high - low) / count;
  if (!(raw > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw)!;
  const from = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - from + 1 }, (_, i) =>
    Number(((from + i) * step).toPrecision(12)),
  );
}

function legend(curves: readonly Curve[]): string[] {
  const width = Math.max(...curves.map(({ label }) => label.length));
  return curves.map(({ label, symbol, points }) => {
    const [, last] = points.at(-1)!;
    const lowest = points.reduce((a, b) => (b[1] < a[1] ? b : a));
    return `${symbol} ${label.padEnd(width)}  last ${last.toFixed(4)}, lowest ${lowest[1].toFixed(4)} at ${humanCount(lowest[0])}`;
  });
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}
