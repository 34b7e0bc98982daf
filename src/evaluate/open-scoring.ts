import type { Engine } from '../engine/load.ts';
import { Session } from '../graph/session.ts';
import { loadWeights } from '../model/load-weights.ts';
import type { ModelScorerOptions } from './model-scorer.ts';
import type { PackedRow } from './pack-rows.ts';
import { keepContext, runRow } from './run-row.ts';
import { traceScoring } from './scoring-program.ts';

export interface OpenScoring {
  readonly session: Session;
  readonly compileSeconds: number;
}

/** The scoring graph with the model's weights, run once: TensorFlow prepares a graph inside its first run. */
export async function openScoring(
  engine: Engine,
  options: ModelScorerOptions,
  depth: number,
): Promise<OpenScoring> {
  const { config, precision, checkpoint, progress } = options;
  const opening = performance.now();
  const session = await Session.open(engine.binding, traceScoring(config, precision, depth));
  const opened = performance.now();
  try {
    await loadWeights(session, config, checkpoint, progress);
    const loaded = performance.now();
    keepContext(session, []);
    runRow(session, SMALLEST_ROW);
    return { session, compileSeconds: (opened - opening + performance.now() - loaded) / 1000 };
  } catch (cause) {
    session.close();
    throw cause;
  }
}

const SMALLEST_ROW: PackedRow = {
  ...{ context: [], ids: [0], positions: [0], ends: [1], scored: [0] },
  targets: [{ at: 0, target: 0, request: 0 }],
};
