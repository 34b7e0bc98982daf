import type { Engine } from '../engine/load.ts';
import type { Precision } from '../graph/ops.ts';
import type { Session } from '../graph/session.ts';
import type { ModelConfig } from '../model/config.ts';
import type { Progress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { isOutOfMemory } from './memory-bound.ts';
import { openScoring } from './open-scoring.ts';
import type { OpenScoring } from './open-scoring.ts';
import type { PackingLimits } from './pack-rows.ts';
import { longest, planRows, shortened } from './plan-rows.ts';
import type { FailedRow, RowPlan } from './plan-rows.ts';
import type { Loglikelihood, Scorer } from './result.ts';
import { keepContext, runRow } from './run-row.ts';

/** The longest row that a shared beginning may grow to. */
const MAX_ROW_TOKENS = 2048;

/** Row lengths without a memory bound. A GPU wants long rows; on a CPU attention over strangers costs more. */
export function usualLimits(device: Engine['device']['kind']): PackingLimits {
  return { rowTokens: device === 'cpu' ? 512 : 4096, maxRowTokens: MAX_ROW_TOKENS };
}

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
  /** Of those: tracing the graph, and TensorFlow's preparation of it. */
  readonly compileSeconds: number;
  /** The longest row that requests were put together in. */
  readonly maxRowTokens: number;
  /** How often the device ran out of memory, and rows became half as long. */
  readonly outOfMemory: number;
}

/** A scorer over a model's log-likelihoods, computed inside the graph: only the targets' scores leave it. */
export function modelScorer(options: ModelScorerOptions): { score: Scorer; cost: () => ScoringCost } {
  let cost: ScoringCost = {
    ...{ tokensComputed: 0, tokensPlain: 0, seconds: 0, compileSeconds: 0 },
    ...{ maxRowTokens: MAX_ROW_TOKENS, outOfMemory: 0 },
  };
  return {
    score: async (requests, onScored) => {
      const engine = await options.engine();
      const started = performance.now();
      const results: Loglikelihood[] = [];
      let limits = usualLimits(engine.device.kind);
      let [tokensComputed, outOfMemory] = [0, 0];
      let scoring: OpenScoring | undefined;
      try {
        for (;;) {
          const open = requests.flatMap((_, index) => (results[index] === undefined ? [index] : []));
          if (open.length === 0) break;
          const asked = open.map((index) => requests[index]!);
          const plan = planRows(asked, limits, engine, options);
          scoring ??= await openScoring(engine, options, longest(requests));
          const failed = await scoreRows(
            plan,
            open.length,
            scoring.session,
            options,
            (position, result, tokens) => {
              tokensComputed += tokens;
              results[open[position]!] = result;
              onScored?.(open[position]!, result);
            },
          );
          ({ limits } = plan);
          if (failed === undefined) break;
          limits = shortened(limits, failed);
          outOfMemory++;
          options.progress.note(
            `The device ran out of memory. Rows have at most ${limits.maxRowTokens} tokens from here on.`,
          );
        }
      } finally {
        scoring?.session.close();
      }
      cost = {
        ...{ tokensComputed, outOfMemory, maxRowTokens: limits.maxRowTokens },
        compileSeconds: scoring?.compileSeconds ?? 0,
        tokensPlain: requests.reduce((sum, request) => sum + request.input.length, 0),
        seconds: (performance.now() - started) / 1000,
      };
      return results;
    },
    cost: () => cost,
  };
}

/**
 * Runs the rows, and tells each request's answer with the tokens that were computed since the last one.
 * @returns the row for which memory ran out, if there was one; all before it are done
 */
async function scoreRows(
  { rows }: RowPlan,
  count: number,
  session: Session,
  options: ModelScorerOptions,
  onScored: (request: number, result: Loglikelihood, tokens: number) => void,
): Promise<FailedRow | undefined> {
  const step = options.progress.start(options.label, count, 'requests');
  let context: readonly number[] | undefined;
  for (const row of rows) {
    let tokens = row.ids.length;
    let results: ReadonlyMap<number, Loglikelihood>;
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
  return undefined;
}
