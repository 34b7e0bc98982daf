import type { Engine } from '../../src/engine/load.ts';
import { silentProgress } from '../../src/progress.ts';
import { probeCpu } from '../../src/run/probe-cpu.ts';
import { TrainingCost } from '../../src/run/training-cost.ts';
import { utilisationBasis } from '../../src/run/utilisation.ts';
import { namedFailure } from '../../src/train/train-failure.ts';
import type { TrainingShape } from '../../src/train/training-program.ts';
import { TrainingSession } from '../../src/train/training-session.ts';
import { madeUpWeights } from '../support/made-up-weights.ts';
import { median } from '../support/median.ts';

export interface StepSpeed {
  readonly tokensPerSecond: number;
  /** Of the model's matrix products, without what recomputing adds. */
  readonly flopPerToken: number;
  /** Model FLOPs utilisation from 0 to 1; undefined on a GPU whose peak rate the table of `plan` lacks. */
  readonly mfu: number | undefined;
  /** Of the last step. */
  readonly lossNats: number;
}

/**
 * Median speed of optimizer steps on random weights and tokens.
 * @throws TrainError `outOfMemory` with what to change
 */
export async function measureSpeed(
  engine: Engine,
  shape: TrainingShape,
  { warmup, steps }: { readonly warmup: number; readonly steps: number },
): Promise<StepSpeed> {
  const { sequenceLength, microBatch, accumulate, config } = shape;
  let session: TrainingSession | undefined;
  try {
    session = await TrainingSession.open(engine, shape);
    await session.start(madeUpWeights(config), silentProgress);
    const tokens = sequenceLength * microBatch;
    const seconds: number[] = [];
    let lossNats = NaN;
    for (let step = 0; step < warmup + steps; step++) {
      const started = performance.now();
      ({ lossNats } = await session.step(step, 1e-5, (micro) => {
        const inputs = Int32Array.from(
          { length: tokens },
          (_, i) => (i * 7919 + micro * 31 + step) % config.vocabulary,
        );
        return Promise.resolve({ inputs, targets: inputs.map((id) => (id + 1) % config.vocabulary) });
      }));
      if (step >= warmup) seconds.push((performance.now() - started) / 1000);
    }
    const tokensPerSecond = (tokens * accumulate) / median(seconds);
    return { tokensPerSecond, lossNats, ...(await utilisation(engine, shape, tokensPerSecond)) };
  } catch (cause) {
    throw namedFailure(cause, { shape, outFolder: '.', savedStep: undefined });
  } finally {
    session?.close();
  }
}

async function utilisation(
  engine: Engine,
  shape: TrainingShape,
  tokensPerSecond: number,
): Promise<Pick<StepSpeed, 'flopPerToken' | 'mfu'>> {
  const modelFlop = new TrainingCost({ ...shape, recompute: shape.recompute ?? 'none' }).modelFlop();
  const flopPerToken = modelFlop / (shape.sequenceLength * shape.microBatch * shape.accumulate);
  const peak =
    engine.device.kind === 'cpu'
      ? (await probeCpu(engine))[shape.precision]
      : utilisationBasis(shape, engine.device)?.peakFlopPerSecond;
  return { flopPerToken, mfu: peak === undefined ? undefined : (flopPerToken * tokensPerSecond) / peak };
}
