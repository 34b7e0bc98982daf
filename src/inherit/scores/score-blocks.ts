import type { Engine } from '../../engine/load.ts';
import { Session } from '../../graph/session.ts';
import type { ModelConfig } from '../../model/config.ts';
import { loadWeights } from '../../model/load-weights.ts';
import type { Progress } from '../../progress.ts';
import type { Checkpoint } from '../../weights/checkpoint.ts';
import type { BlockScores } from './block-scores.ts';
import { BlockSums } from './block-sums.ts';
import { BLOCK_OUTPUTS, outputName, traceScores } from './trace-scores.ts';

export interface ScoreBlocksOptions {
  readonly engine: Engine;
  readonly config: ModelConfig;
  readonly checkpoint: Checkpoint;
  /** Token ids, at least one window, all of one length of at least 2. */
  readonly windows: readonly Int32Array[];
  readonly progress: Progress;
  /** Ends the work between two windows. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Scores every block of a model on a text, in float32. Each window is read on its own, from position 0.
 * @throws InheritError `not-finite` where the model gives values that no score can be made of.
 */
export async function scoreBlocks(options: ScoreBlocksOptions): Promise<BlockScores> {
  const { engine, config, checkpoint, windows, progress, signal } = options;
  const windowLength = windows[0]!.length;
  const session = await Session.open(engine.binding, traceScores(config, windowLength));
  try {
    await loadWeights(session, config, checkpoint, progress);
    const blocks = Array.from({ length: config.layers }, (_, block) => new BlockSums(block, config.heads));
    const step = progress.start('scoring blocks', windows.length, 'windows');
    for (const ids of windows) {
      addWindow(session, ids, blocks);
      step.advance(1);
      // The native call blocks: let signals and the progress display have their turn.
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    }
    step.end();
    return { windows: windows.length, windowLength, blocks: blocks.map((sums) => sums.score()) };
  } finally {
    session.close();
  }
}

function addWindow(session: Session, ids: Int32Array, blocks: readonly BlockSums[]): void {
  const names = blocks.flatMap((_, block) => BLOCK_OUTPUTS.map((output) => outputName(output, block)));
  const values = session.run({ ids }, names);
  blocks.forEach((sums, block) => {
    const [influence, residualNorm, firstToken, singularValues, columns] = values.slice(
      block * BLOCK_OUTPUTS.length,
      (block + 1) * BLOCK_OUTPUTS.length,
    );
    sums.add({
      influence: influence![0]!,
      residualNorm: residualNorm![0]!,
      firstToken: firstToken![0]!,
      singularValues: singularValues!,
      columns: columns!,
    });
  });
}
