import { codeBlock } from './escape-markdown.ts';

export interface LossPoint {
  readonly step: number;
  readonly lossNats: number;
}

/** Losses along the training of both sides. */
export interface LossCurves {
  readonly kind: 'validation' | 'training';
  readonly base: readonly LossPoint[];
  readonly head: readonly LossPoint[];
}

/** More points neither show more nor stay small in a comment. */
const CHART_POINTS = 40;

/**
 * Base and head as two lines of a Mermaid chart over the steps that both have. The chart spreads its points evenly, so both
 * are read at the same steps, linearly between the measured ones. Undefined for fewer than two points on either side.
 */
export function validationChart({ kind, base, head }: LossCurves): string | undefined {
  const [left, right] = [sorted(base), sorted(head)];
  const first = Math.max(left[0]?.step ?? Infinity, right[0]?.step ?? Infinity);
  const last = Math.min(left.at(-1)?.step ?? -Infinity, right.at(-1)?.step ?? -Infinity);
  if (!(last > first) || !Number.isFinite(last - first)) return undefined;
  const points = Math.min(CHART_POINTS, Math.max(left.length, right.length));
  const steps = Array.from({ length: points }, (_, i) => first + ((last - first) * i) / (points - 1));
  const lines = [left, right].map((curve) => steps.map((step) => lossAt(curve, step)));
  const all = lines.flat();
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const margin = (high - low) * 0.05 || 0.1;
  const chart = [
    'xychart-beta',
    `  title "${kind === 'validation' ? 'Validation' : 'Training'} loss (nats per token): base, then head"`,
    `  x-axis "Optimizer step" ${first} --> ${last}`,
    `  y-axis "Loss" ${Math.max(0, low - margin).toFixed(3)} --> ${(high + margin).toFixed(3)}`,
    ...lines.map((values) => `  line [${values.map((value) => value.toFixed(4)).join(', ')}]`),
  ];
  return codeBlock(chart.join('\n'), 'mermaid');
}

function sorted(curve: readonly LossPoint[]): LossPoint[] {
  const finite = curve.filter(({ step, lossNats }) => Number.isFinite(step) && Number.isFinite(lossNats));
  return finite.sort((a, b) => a.step - b.step);
}

function lossAt(curve: readonly LossPoint[], step: number): number {
  const after = Math.max(
    1,
    curve.findIndex((point) => point.step >= step),
  );
  const [left, right] = [curve[after - 1]!, curve[after]!];
  const share = right.step === left.step ? 0 : (step - left.step) / (right.step - left.step);
  return left.lossNats + Math.min(1, Math.max(0, share)) * (right.lossNats - left.lossNats);
}
