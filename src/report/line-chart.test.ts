import { expect, test } from 'vitest';
import { lineChartSvg } from './line-chart.ts';
import type { LineChart } from './line-chart.ts';

const chart: LineChart = {
  ...{ title: 'Loss <&> "gain"', xLabel: 'Step', yLabel: 'Nats' },
  panels: [
    {
      title: 'left',
      curves: [
        {
          label: 'a <b> & c',
          points: [
            [0, 4],
            [50, 3],
            [100, 2],
          ],
        },
        {
          label: 'now and then',
          points: [
            [50, 3.5],
            [100, 2.5],
          ],
          style: 'dashed',
        },
        {
          label: 'a <b> & c',
          points: [
            [0, 5],
            [100, 1],
          ],
          style: 'faint',
        },
      ],
    },
    {
      title: 'right',
      curves: [
        {
          label: 'a <b> & c',
          points: [
            [0, 3],
            [100, 1],
          ],
        },
      ],
    },
  ],
};

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
}

/** Every element of a well-formed file. @throws where a tag is not closed, or a character is not escaped */
function elementsOf(svg: string): Element[] {
  const all: Element[] = [];
  const open: Element[] = [];
  const token =
    /<\/([\w:]+)>|<([\w:]+)((?:\s+[\w:-]+="[^"<&]*(?:&#?\w+;[^"<&]*)*")*)\s*(\/?)>|<!\[CDATA\[[^]*?\]\]>|((?:[^<&]|&#?\w+;)+)/y;
  while (token.lastIndex < svg.length) {
    const at = token.lastIndex;
    const match = token.exec(svg);
    if (match === null) throw new Error(`not XML: ${svg.slice(at, at + 60)}`);
    const [, closed, opened, attributes, empty, text] = match;
    if (closed !== undefined && open.pop()?.name !== closed)
      throw new Error(`</${closed}> closes another element`);
    if (text !== undefined && open.length > 0) open.at(-1)!.text += text;
    if (opened === undefined) continue;
    const pairs = [...attributes!.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]);
    const element = {
      name: opened,
      attributes: Object.fromEntries(pairs) as Record<string, string>,
      text: '',
    };
    all.push(element);
    if (empty !== '/') open.push(element);
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)!.name}> is not closed`);
  return all;
}

/** Points of a path that is lines alone. */
function cornersOf({ attributes }: Element): [number, number][] {
  return (attributes['d'] ?? '')
    .split(/[ML]/)
    .filter(Boolean)
    .map((pair) => pair.trim().split(' ').map(Number) as [number, number]);
}

const elements = elementsOf(lineChartSvg(chart));
const texts = elements.filter(({ name }) => name === 'text').map(({ text }) => text);
const lines = (attributes: Readonly<Record<string, string>>): Element[] =>
  elements.filter(
    (element) =>
      element.name === 'path' &&
      Object.entries(attributes).every(([key, value]) => element.attributes[key] === value),
  );
const BLUE = { stroke: '#0072b2' };

test('is one well-formed svg with its texts escaped', () => {
  expect(elements[0]!.name).toBe('svg');
  expect(texts).toContain('Loss &lt;&amp;&gt; &quot;gain&quot;');
  expect(texts.filter((text) => ['left', 'right', 'Step', 'Nats'].includes(text)).sort()).toEqual([
    ...['Nats', 'Nats', 'Step', 'Step', 'left', 'right'],
  ]);
});

test('holds each point of each curve at its place', () => {
  const solid = lines({ ...BLUE, 'stroke-width': '2' }).map(cornersOf);
  const [curve, other] = [
    solid.find((one) => one.length === 3)!,
    solid.find((one) => one.length === 2 && one[0]![0] > 800)!,
  ];
  expect(curve).toBeDefined();
  expect(other).toBeDefined();
  const [[x0, y0], [x1, y1], [x2, y2]] = curve as [[number, number], [number, number], [number, number]];
  expect(x1 - x0).toBeCloseTo(x2 - x1, 0);
  expect(y1 - y0).toBeCloseTo(y2 - y1, 0);
  expect(y2).toBeGreaterThan(y0);
});

test('one label in several panels is one entry of the legend; a faint curve has none', () => {
  expect(texts.filter((text) => text === 'a &lt;b&gt; &amp; c')).toHaveLength(1);
  expect(texts.filter((text) => text === 'now and then')).toHaveLength(1);
  expect(lines({ 'stroke-opacity': '0.3' })).toHaveLength(1);
});

test('the same chart is the same text, whatever was drawn before in the process', () => {
  expect(lineChartSvg(chart)).toBe(lineChartSvg(chart));
});

test('a long curve is thinned to about as many points as there are pixels', () => {
  const points = Array.from({ length: 200_000 }, (_, i) => [i, Math.sin(i / 1000)] as const);
  const svg = lineChartSvg({ ...chart, panels: [{ curves: [{ label: 'long', points }] }] });
  expect(svg.length).toBeLessThan(40_000);
});
