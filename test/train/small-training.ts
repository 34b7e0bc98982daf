import { parseConfig } from '../../src/model/config.ts';
import { silentProgress } from '../../src/progress.ts';
import { train } from '../../src/train/train.ts';
import type { TrainOptions, TrainOutcome } from '../../src/train/train-options.ts';
import type { Batch } from '../../src/train/training-session.ts';
import { openFixture } from '../support/model-fixtures.ts';
import { testEngine } from '../support/test-engine.ts';

const T = 16;
export const STEPS = 12;
/** From here on batches teach the opposite of what the validation batch asks for. */
export const TURN = 6;

/** First "the token seven further on", then something else. */
export function batchOf(step: number): Batch {
  const inputs = Int32Array.from({ length: T }, (_, i) => (step * 31 + i * 7) % 50);
  return { inputs, targets: Int32Array.from(inputs, (id) => (step < TURN ? (id + 7) % 50 : 127 - id)) };
}

/** Asks for what the first batches teach. */
export const VALIDATION: Batch = { ...batchOf(0), inputs: batchOf(3).inputs, targets: batchOf(3).targets };

export const SHAPE = {
  ...{ sequenceLength: T, microBatch: 1, accumulate: 1, precision: 'float32' as const },
  optimizer: { betas: [0.9, 0.95] as const, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 },
};

export interface SmallTraining {
  readonly outFolder: string;
  /** Asked to stop while it makes this step, counted from 1, which it completes. */
  readonly stopAfter?: number;
  readonly notes?: string[];
  readonly change?: Partial<TrainOptions>;
}

/** A training of a second in this process, whose validation loss falls and then rises. */
export async function smallTraining({
  outFolder,
  stopAfter,
  notes,
  change,
}: SmallTraining): Promise<TrainOutcome> {
  const start = await openFixture('llama-tied');
  const abort = new AbortController();
  try {
    return await train({
      engine: await testEngine(),
      shape: { ...SHAPE, config: parseConfig(start.config, 'config.json') },
      schedule: { learningRate: 1e-2, minLearningRate: 1e-2, warmupSteps: 0, schedule: 'constant' },
      ...{ steps: STEPS, start, seed: 1, runHash: 'x', resume: true, outFolder },
      ...{ checkpointEvery: 2, keepCheckpoints: 3, keepBest: true },
      batch: (step) => {
        if (step + 1 === stopAfter) abort.abort();
        return Promise.resolve(batchOf(step));
      },
      validation: {
        everySteps: 1,
        batches: async function* () {
          yield await Promise.resolve(VALIDATION);
        },
      },
      progress: { ...silentProgress, note: (text) => void notes?.push(text) },
      signal: abort.signal,
      ...change,
    });
  } finally {
    await start.close();
  }
}
