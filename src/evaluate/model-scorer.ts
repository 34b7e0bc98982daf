import type { Engine } from '../engine/load.ts';
import type { Precision } from '../graph/ops.ts';
import { Session } from '../graph/session.ts';
import type { ModelConfig } from '../model/config.ts';
import { loadWeights } from '../model/load-weights.ts';
import type { Progress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { boundTooLow, halved, isOutOfMemory, peakBytes } from './memory-bound.ts';
import { packRows } from './pack-rows.ts';
import type { PackedRow, PackingLimits } from './pack-rows.ts';
import type { Loglikelihood, Scorer, TokenRequest } from './result.ts';
import { keepContext, runRow } from './run-row.ts';
import { SCORING, traceScoring, traceScoringOf } from './scoring-program.ts';
import type { RowSizes } from './scoring-program.ts';

/** Row lengths for unrelated requests. A GPU wants long rows; on a CPU attention over strangers costs more. */
const ROW_TOKENS = { cpu: 512, cuda: 4096 } as const;
/** The longest row that a shared beginning may grow to. */
const MAX_ROW_TOKENS = 2048;

export interface ModelScorerOptions {
  /** Asked for when the first requests come: whatever is wrong with them is found before. */
  readonly engine: () => Promise<Engine>;
  readonly config: ModelConfig;
  readonly checkpoint: Checkpoint;
  readonly precision: Precision;
  readonly progress: Progress;
  /** Shown in front of the progress bar. */
  readonly label: string;
  /** Ends the run between two rows. */
  readonly signal?: AbortSignal | undefined;
  /** Rows are planned so that the predicted peak stays below (see memory-bound.ts); by default as long as is fast. */
  readonly maxMemoryBytes?: number | undefined;
}

/** What scoring cost, for the report. */
export interface ScoringCost {
  readonly tokensComputed: number;
  /** Tokens that a run without shared beginnings would have computed. */
  readonly tokensPlain: number;
  readonly seconds: number;
  /** The longest row that requests were put together in. */
  readonly maxRowTokens: number;
  /** How often the device ran out of memory, and rows became half as long. */
  readonly outOfMemory: number;
}

/** A scorer over a model's log-likelihoods, computed inside the graph: only the targets' scores leave it. */
export function modelScorer(options: ModelScorerOptions): { score: Scorer; cost: () => ScoringCost } {
  let cost: ScoringCost = {
    ...{ tokensComputed: 0, tokensPlain: 0, seconds: 0, maxRowTokens: MAX_ROW_TOKENS, outOfMemory: 0 },
  };
  return {
    score: async (requests, onScored) => {
      const engine = await options.engine();
      const started = performance.now();
      const results: Loglikelihood[] = [];
      let limits: PackingLimits = { rowTokens: ROW_TOKENS[engine.device.kind], maxRowTokens: MAX_ROW_TOKENS };
      let [tokensComputed, outOfMemory] = [0, 0];
      for (;;) {
        const open = requests.flatMap((_, index) => (results[index] === undefined ? [index] : []));
        if (open.length === 0) break;
        const plan = planRows(
          open.map((index) => requests[index]!),
          limits,
          engine,
          options,
        );
        const failed = await scoreRows(plan, open.length, engine, options, (position, result, tokens) => {
          tokensComputed += tokens;
          results[open[position]!] = result;
          onScored?.(open[position]!, result);
        });
        ({ limits } = plan);
        if (failed === undefined) break;
        limits = shortened(limits, failed);
        outOfMemory++;
        options.progress.note(
          `The device ran out of memory. Rows have at most ${limits.maxRowTokens} tokens from here on.`,
        );
      }
      cost = {
        ...{ tokensComputed, outOfMemory, maxRowTokens: limits.maxRowTokens },
        tokensPlain: requests.reduce((sum, request) => sum + request.input.length, 0),
        seconds: (performance.now() - started) / 1000,
      };
      return results;
    },
    cost: () => cost,
  };
}

interface RowPlan {
  readonly rows: readonly PackedRow[];
  readonly limits: PackingLimits;
}

/** Rows as long as `limits` and the memory bound allow. */
function planRows(
  requests: readonly TokenRequest[],
  limits: PackingLimits,
  { device }: Engine,
  { config, precision, maxMemoryBytes }: ModelScorerOptions,
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
    if (shorter === undefined)
      throw boundTooLow(maxMemoryBytes, peak, Math.max(...requests.map(({ input }) => input.length)));
    bounded = shorter;
  }
}

/** One more than the deepest position. */
function depthOf(rows: readonly PackedRow[]): number {
  return 1 + rows.reduce((top, { positions }) => positions.reduce((a, b) => Math.max(a, b), top), 0);
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
interface FailedRow {
  readonly row: PackedRow;
  readonly error: unknown;
}

/** @throws the error itself where the row cannot be divided */
function shortened(limits: PackingLimits, { row, error }: FailedRow): PackingLimits {
  const requests = new Set(row.targets.map(({ request }) => request));
  const shorter = requests.size > 1 ? halved(limits) : undefined;
  if (shorter === undefined) throw error;
  return shorter;
}

/**
 * Runs the rows, and tells each request's answer with the tokens that were computed since the last one.
 * @returns the row for which memory ran out, if there was one; all before it are done
 */
async function scoreRows(
  { rows }: RowPlan,
  count: number,
  engine: Engine,
  options: ModelScorerOptions,
  onScored: (request: number, result: Loglikelihood, tokens: number) => void,
): Promise<FailedRow | undefined> {
  const { config, checkpoint, progress, precision } = options;
  const session = await Session.open(engine.binding, traceScoring(config, precision, depthOf(rows)));
  try {
    await loadWeights(session, config, checkpoint, progress);
    const step = progress.start(options.label, count, 'requests');
    let context: readonly number[] | undefined;
    for (const row of rows) {
      let [tokens, results] = [row.ids.length, new Map<number, Loglikelihood>()];
      try {
        if (row.context !== context) {
          keepContext(session, row.context);
          context = row.context;
          tokens += context.length;
        }
        results = runRow(session, row);
      } catch (error) {
        if (!isOutOfMemory(error)) throw error;
        step.end();
        return { row, error };
      }
      for (const [request, result] of results) {
        onScored(request, result, tokens);
        tokens = 0;
      }
      step.advance(results.size);
      // The native call blocks: let signals and the progress display have their turn.
      await new Promise((resolve) => setImmediate(resolve));
      options.signal?.throwIfAborted();
    }
    step.end();
  } finally {
    session.close();
  }
  return undefined;
}
