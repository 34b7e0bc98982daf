import type { Engine } from '../engine/load.ts';
import { boundTooLow, halved, peakBytes } from './memory-bound.ts';
import type { ModelScorerOptions } from './model-scorer.ts';
import { packRows } from './pack-rows.ts';
import type { PackedRow, PackingLimits } from './pack-rows.ts';
import type { TokenRequest } from './result.ts';
import { SCORING, traceScoringOf } from './scoring-program.ts';
import type { RowSizes } from './scoring-program.ts';

export interface RowPlan {
  readonly rows: readonly PackedRow[];
  readonly limits: PackingLimits;
}

/** Rows as long as `limits` and the memory bound allow. */
export function planRows(
  requests: readonly TokenRequest[],
  limits: PackingLimits,
  { device }: Engine,
  { config, precision, maxMemoryBytes }: Pick<ModelScorerOptions, 'config' | 'precision' | 'maxMemoryBytes'>,
): RowPlan {
  const processBytes = process.memoryUsage.rss();
  for (let bounded = limits; ;) {
    const rows = packRows(requests, bounded);
    if (maxMemoryBytes === undefined) return { rows, limits: bounded };
    const peak = Math.max(
      ...runsOf(rows).map(({ sizes, fetches }) =>
        peakBytes(traceScoringOf(config, precision, sizes), [fetches], { device: device.kind, processBytes }),
      ),
    );
    if (peak <= maxMemoryBytes) return { rows, limits: bounded };
    const shorter = halved(bounded);
    if (shorter === undefined) throw boundTooLow(maxMemoryBytes, peak, longest(requests));
    bounded = shorter;
  }
}

export function longest(requests: readonly TokenRequest[]): number {
  return requests.reduce((top, { input }) => Math.max(top, input.length), 0);
}

/** What is run for the longest context, and for a row that has the most of everything. */
function runsOf(
  rows: readonly PackedRow[],
): { readonly sizes: RowSizes; readonly fetches: readonly string[] }[] {
  const most = (of: (row: PackedRow) => number): number =>
    rows.reduce((top, row) => Math.max(top, of(row)), 1);
  const context = most((row) => row.context.length);
  const scored = most((row) => row.scored.length);
  const targets = most((row) => row.targets.length);
  return [
    { sizes: { tokens: context, context: 1, scored: 1, targets: 1 }, fetches: [SCORING.keep] },
    {
      sizes: { tokens: most(({ ids }) => ids.length), context, scored, targets },
      fetches: [SCORING.logProbability, SCORING.greedy],
    },
  ];
}

/** A row that did not fit into memory. */
export interface FailedRow {
  readonly row: PackedRow;
  readonly error: unknown;
}

/** @throws the error itself where the row cannot be divided */
export function shortened(limits: PackingLimits, { row, error }: FailedRow): PackingLimits {
  const requests = new Set(row.targets.map(({ request }) => request));
  const shorter = requests.size > 1 ? halved(limits) : undefined;
  if (shorter === undefined) throw error;
  return shorter;
}
