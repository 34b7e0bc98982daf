import type { Engine } from '../engine/load.ts';
import type { Precision } from '../graph/ops.ts';
import { Session } from '../graph/session.ts';
import type { ModelConfig } from '../model/config.ts';
import { loadWeights } from '../model/load-weights.ts';
import type { Progress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { packRows } from './pack-rows.ts';
import type { PackedRow } from './pack-rows.ts';
import type { Loglikelihood, Scorer } from './result.ts';
import { shapeKey, traceScoring } from './scoring-program.ts';
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
}

/** What scoring cost, for the report. */
export interface ScoringCost {
  readonly tokensComputed: number;
  /** Tokens that a run without shared beginnings would have computed. */
  readonly tokensPlain: number;
  readonly seconds: number;
}

/** A scorer over a model's log-likelihoods, computed inside the graph: only the targets' scores leave it. */
export function modelScorer(options: ModelScorerOptions): { score: Scorer; cost: () => ScoringCost } {
  let cost: ScoringCost = { tokensComputed: 0, tokensPlain: 0, seconds: 0 };
  return {
    score: async (requests, onScored) => {
      const engine = await options.engine();
      const started = performance.now();
      const rows = packRows(requests, {
        rowTokens: ROW_TOKENS[engine.device.kind],
        maxRowTokens: MAX_ROW_TOKENS,
      });
      const results = await scoreRows(rows, requests.length, engine, options, onScored);
      cost = {
        tokensComputed: rows.reduce((sum, row) => sum + row.ids.length, 0),
        tokensPlain: requests.reduce((sum, request) => sum + request.input.length, 0),
        seconds: (performance.now() - started) / 1000,
      };
      return results;
    },
    cost: () => cost,
  };
}

async function scoreRows(
  rows: readonly PackedRow[],
  count: number,
  engine: Engine,
  options: ModelScorerOptions,
  onScored: Parameters<Scorer>[1],
): Promise<Loglikelihood[]> {
  const results = Array.from({ length: count }, () => ({ loglikelihood: 0, greedy: true }));
  if (rows.length === 0) return results;
  const { config, precision, checkpoint, progress } = options;
  const shapes = chooseShapes(rows);
  const session = await Session.open(
    engine.binding,
    traceScoring(config, precision, [...new Set(shapes.values())]),
  );
  try {
    await loadWeights(session, config, checkpoint, progress);
    const step = progress.start(options.label, count, 'requests');
    for (const row of rows) {
      const scores = runRow(session, row, shapes.get(row) as ScoringShape);
      row.targets.forEach(({ request }, i) => {
        const result = results[request] as { loglikelihood: number; greedy: boolean };
        result.loglikelihood += scores.logProbability[i]!;
        result.greedy &&= scores.greedy[i] === 1;
      });
      const finished = new Set(row.targets.map(({ request }) => request));
      for (const request of finished) onScored?.(request, results[request]!);
      step.advance(finished.size);
      // The native call blocks: let signals and the progress display have their turn.
      await new Promise((resolve) => setImmediate(resolve));
      options.signal?.throwIfAborted();
    }
    step.end();
  } finally {
    session.close();
  }
  return results;
}

function runRow(session: Session, row: PackedRow, shape: ScoringShape) {
  const key = shapeKey(shape);
  const { tokens, scored, targets } = shape;
  const [logProbability, greedy] = session.run(
    {
      [`ids_${key}`]: padded(row.ids, tokens, () => 0),
      [`positions_${key}`]: padded(row.positions, tokens, () => 0),
      // Padding sees only itself, and nothing sees it.
      [`ends_${key}`]: padded(row.ends, tokens, (i) => i + 1),
      [`scored_${key}`]: padded(row.scored, scored, () => 0),
      [`targetRow_${key}`]: padded(
        row.targets.map((t) => t.at),
        targets,
        () => 0,
      ),
      [`target_${key}`]: padded(
        row.targets.map((t) => t.target),
        targets,
        () => 0,
      ),
    },
    [`logProbability_${key}`, `greedy_${key}`],
  );
  return { logProbability: logProbability as Float32Array, greedy: greedy as Int32Array };
}

function padded(values: readonly number[], length: number, filler: (index: number) => number): Int32Array {
  return Int32Array.from({ length }, (_, i) => values[i] ?? filler(i));
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
