/** A line of a chart; values between 0 and 1. */
export interface Curve {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Panel {
  readonly title: string;
  readonly curves: readonly Curve[];
}

const COLOURS = ['#1f5fbf', '#7aa6dc', '#ca6702', '#e9a23b', '#9b2226', '#6a4c93', '#5c677d'];
const SIZE = { width: 430, height: 300, left: 52, top: 46, right: 14, bottom: 44 };
const LEGEND_ROW = 18;

/** Panels side by side with one legend below, as an SVG that needs no font or script. */
export function linePlot(title: string, xLabel: string, yLabel: string, panels: readonly Panel[]): string {
  const largest = Math.max(
    ...panels.flatMap(({ curves }) => curves.flatMap(({ points }) => points.map(([x]) => x))),
  );
  const labels = panels[0]?.curves.map(({ label }) => label) ?? [];
  const width = SIZE.width * panels.length;
  const height = SIZE.height + 30 + LEGEND_ROW * Math.ceil(labels.length / 2);
  const legend = labels.map((label, i) => {
    const [x, y] = [SIZE.left + (i % 2) * (width / 2), SIZE.height + 36 + LEGEND_ROW * Math.floor(i / 2)];
    return (
      `<line x1="${x}" y1="${y - 4}" x2="${x + 26}" y2="${y - 4}" stroke="${colour(i)}" stroke-width="2.5"/>` +
      `<text x="${x + 34}" y="${y}">${escape(label)}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${SIZE.left}" y="18" font-size="14" font-weight="bold">${escape(title)}</text>`,
    ...panels.map((panel, i) => panelSvg(panel, i * SIZE.width, largest, xLabel, yLabel)),
    ...legend,
    '</svg>\n',
  ].join('\n');
}

function panelSvg(
  { title, curves }: Panel,
  offset: number,
  largest: number,
  xLabel: string,
  yLabel: string,
): string {
  const left = offset + SIZE.left;
  const right = offset + SIZE.width - SIZE.right;
  const bottom = SIZE.height - SIZE.bottom;
  const x = (value: number): number => left + (value / largest) * (right - left);
  const y = (value: number): number => bottom - value * (bottom - SIZE.top);
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (value) =>
      `<line x1="${left}" y1="${y(value)}" x2="${right}" y2="${y(value)}" stroke="#ddd"/>` +
      `<text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${100 * value} %</text>`,
  );
  const ticks = Array.from({ length: Math.floor(largest) + 1 }, (_, value) => value).map(
    (value) => `<text x="${x(value)}" y="${bottom + 16}" text-anchor="middle">${value}</text>`,
  );
  const nominal = `<line x1="${left}" y1="${y(0.05)}" x2="${right}" y2="${y(0.05)}" stroke="#888" stroke-dasharray="4 3"/>`;
  const lines = curves.map(
    ({ points }, i) =>
      `<polyline fill="none" stroke="${colour(i)}" stroke-width="2" points="${points
        .map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`)
        .join(' ')}"/>`,
  );
  return [
    `<text x="${left}" y="36">${escape(title)}</text>`,
    ...grid,
    nominal,
    ...ticks,
    `<text x="${(left + right) / 2}" y="${bottom + 34}" text-anchor="middle">${escape(xLabel)}</text>`,
    `<text transform="translate(${offset + 12} ${(SIZE.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escape(yLabel)}</text>`,
    ...lines,
  ].join('\n');
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length]!;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
