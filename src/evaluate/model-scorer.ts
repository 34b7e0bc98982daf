import type { Engine } from '../engine/load.ts';
import type { Precision } from '../graph/ops.ts';
import { Session } from '../graph/session.ts';
import type { Program } from '../graph/program.ts';
import type { ModelConfig } from '../model/config.ts';
import { loadWeights } from '../model/load-weights.ts';
import type { Progress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { boundTooLow, halved, isOutOfMemory, peakBytes } from './memory-bound.ts';
import { packRows } from './pack-rows.ts';
import type { PackedRow, PackingLimits } from './pack-rows.ts';
import type { Loglikelihood, Scorer, TokenRequest } from './result.ts';
import { fetchesOf, runRow } from './run-row.ts';
import { traceScoring } from './scoring-program.ts';
import type { ScoringShape } from './scoring-program.ts';

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
  readonly shapes: ReadonlyMap<PackedRow, ScoringShape>;
  readonly program: Program;
  readonly limits: PackingLimits;
}

/** Rows and their graph, with rows as long as `limits` and the memory bound allow. */
function planRows(
  requests: readonly TokenRequest[],
  limits: PackingLimits,
  { device }: Engine,
  { config, precision, maxMemoryBytes }: ModelScorerOptions,
): RowPlan {
  const processBytes = process.memoryUsage.rss();
  for (let bounded = limits; ;) {
    const rows = packRows(requests, bounded);
    const shapes = chooseShapes(rows);
    const sizes = [...new Set(shapes.values())];
    const program = traceScoring(config, precision, sizes);
    if (maxMemoryBytes === undefined) return { rows, shapes, program, limits: bounded };
    const peak = peakBytes(program, sizes.map(fetchesOf), { device: device.kind, processBytes });
    if (peak <= maxMemoryBytes) return { rows, shapes, program, limits: bounded };
    const shorter = halved(bounded);
    if (shorter === undefined)
      throw boundTooLow(maxMemoryBytes, peak, Math.max(...requests.map(({ input }) => input.length)));
    bounded = shorter;
  }
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
  { rows, shapes, program }: RowPlan,
  count: number,
  engine: Engine,
  options: ModelScorerOptions,
  onScored: (request: number, result: Loglikelihood, tokens: number) => void,
): Promise<FailedRow | undefined> {
  const { config, checkpoint, progress } = options;
  const session = await Session.open(engine.binding, program);
  try {
    await loadWeights(session, config, checkpoint, progress);
    const step = progress.start(options.label, count, 'requests');
    for (const row of rows) {
      let results: ReturnType<typeof runRow>;
      try {
        results = runRow(session, row, shapes.get(row) as ScoringShape);
      } catch (error) {
        if (!isOutOfMemory(error)) throw error;
        step.end();
        return { row, error };
      }
      let tokens = row.ids.length;
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

/** A compiled size for every row: few of them, since each is a graph of its own that TensorFlow has to prepare. */
export function chooseShapes(rows: readonly PackedRow[]): Map<PackedRow, ScoringShape> {
  const groups = new Map<string, PackedRow[]>();
  for (const row of rows) {
    const tokens = roundedTokens(row.ids.length);
    const key = `${tokens}/${roundedScored(row.scored.length, tokens)}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const shapes = new Map<PackedRow, ScoringShape>();
  for (const group of groups.values()) {
    const tokens = roundedTokens(group[0]!.ids.length);
    const shape = {
      tokens,
      scored: roundedScored(group[0]!.scored.length, tokens),
      targets: Math.max(...group.map((row) => row.targets.length)),
    };
    for (const row of group) shapes.set(row, shape);
  }
  return shapes;
}

/** Up to 512 in steps of 128, above in steps of 512. */
function roundedTokens(tokens: number): number {
  const step = tokens <= 512 ? 128 : 512;
  return Math.ceil(tokens / step) * step;
}

/** 32, 128, or as many as there are tokens. */
function roundedScored(scored: number, tokens: number): number {
  return [32, 128].find((size) => scored <= size && size < tokens) ?? tokens;
}
