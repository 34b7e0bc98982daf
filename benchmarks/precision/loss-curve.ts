import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../../src/engine/load.ts';
import type { Precision } from '../../src/graph/ops.ts';
import { initialiseRandom } from '../../src/inherit/inherit.ts';
import { parseConfig } from '../../src/model/config.ts';
import { silentProgress } from '../../src/progress.ts';
import { learningRateAt } from '../../src/train/learning-rate.ts';
import { TrainingSession } from '../../src/train/training-session.ts';
import { openCheckpoint } from '../../src/weights/open-checkpoint.ts';

/** A training run whose only difference from another one is the precision of its matrix products. */
export interface CurveOptions {
  /** A Hugging Face config with a vocabulary of at least 256: tokens are bytes. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly precision: Precision;
  readonly steps: number;
  readonly batch: number;
  readonly length: number;
  /** Of AdamW after 20 steps of warm-up, falling to a tenth; default 2e-3. */
  readonly learningRate?: number;
  /** Tokens whose logits are held at once: changes nothing but the order of summation. */
  readonly lossChunk?: number;
}

/** Loss in nats a byte of each step of a run on WikiText-2, from the same random weights and in the same order each time. */
export async function lossCurve(engine: Engine, options: CurveOptions): Promise<number[]> {
  const { steps, batch, length, precision, lossChunk, learningRate = 2e-3 } = options;
  const schedule = {
    ...{ learningRate, minLearningRate: learningRate / 10, warmupSteps: 20 },
    schedule: 'cosine' as const,
  };
  const text = await readFile(new URL('../../data/corpus/wikitext.txt', import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), 'inheritune-precision-'));
  try {
    await initialiseRandom({ config: options.config, outFolder: folder });
    const checkpoint = await openCheckpoint(folder);
    const session = await TrainingSession.open(engine, {
      ...{ config: parseConfig(options.config, 'the config'), sequenceLength: length, microBatch: batch },
      ...{ accumulate: 1, precision, lossChunk },
      optimizer: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 },
    });
    await session.start(checkpoint, silentProgress);
    await checkpoint.close();
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      const from = (step * batch * length) % (text.length - batch * length - 1);
      const ids = (shift: number): Int32Array =>
        Int32Array.from(text.subarray(from + shift, from + shift + batch * length));
      const { lossNats } = await session.step(step, learningRateAt(step, steps, schedule), () =>
        Promise.resolve({ inputs: ids(0), targets: ids(1) }),
      );
      losses.push(lossNats);
    }
    session.close();
    return losses;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Largest relative difference of two curves at the same step. */
export function largestDifference(curve: readonly number[], reference: readonly number[]): number {
  return Math.max(...curve.map((loss, i) => Math.abs(loss / reference[i]! - 1)));
}
