import { codeBlock } from './escape-markdown.ts';

/** Mermaid draws each point; more than this neither shows more nor stays small enough for a comment. */
export const CHART_POINTS = 60;

/**
 * The training loss as a Mermaid chart (GitHub renders it), at most 60 points: each is the mean loss of an equally long
 * stretch of steps, because the chart spreads its points evenly. Undefined for fewer than two finite losses.
 */
export function lossChart(
  losses: readonly { readonly step: number; readonly loss: number }[],
): string | undefined {
  const finite = losses.filter(({ step, loss }) => Number.isFinite(step) && Number.isFinite(loss));
  const steps = finite.map(({ step }) => step);
  const first = steps.reduce((a, b) => Math.min(a, b), Infinity);
  const last = steps.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(last > first)) return undefined;
  const values = stretchMeans(finite, first, last);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const margin = (high - low) * 0.05 || 0.1;
  const lines = [
    'xychart-beta',
    '  title "Training loss (nats per token)"',
    `  x-axis "Optimizer step" ${first} --> ${last}`,
    `  y-axis "Loss" ${Math.max(0, low - margin).toFixed(3)} --> ${(high + margin).toFixed(3)}`,
    `  line [${values.map((value) => value.toFixed(3)).join(', ')}]`,
  ];
  return codeBlock(lines.join('\n'), 'mermaid');
}

function stretchMeans(
  losses: readonly { readonly step: number; readonly loss: number }[],
  first: number,
  last: number,
): number[] {
  const points = Math.min(CHART_POINTS, new Set(losses.map(({ step }) => step)).size);
  const sums = Array.from({ length: points }, () => ({ sum: 0, count: 0 }));
  for (const { step, loss } of losses) {
    const place = Math.min(points - 1, Math.floor(((step - first) / (last - first)) * points));
    const stretch = sums[place];
    if (stretch === undefined) continue;
    stretch.sum += loss;
    stretch.count++;
  }
  // A stretch without a step repeats the one before it: leaving it out would shift all later ones.
  let previous = losses[0]?.loss ?? 0;
  return sums.map(({ sum, count }) => (previous = count === 0 ? previous : sum / count));
}
