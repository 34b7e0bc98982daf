import { createHash } from 'node:crypto';
import { createBatchPlan, stepsFor } from '../data/batches.ts';
import type { TrainSection } from '../recipe/schema.ts';
import { lengthOf } from './train-stage.ts';

/** sha256 over the start of every row of every batch, in the order they are trained on. */
export function batchOrder(train: TrainSection, tokens: number): string {
  const { sequenceLength, microBatch, accumulate, order, seed } = train;
  const shape = { sequenceLength, microBatch, accumulate };
  const plan = createBatchPlan({ ...shape, tokens, order, seed });
  const steps = stepsFor(lengthOf(train), shape, plan.windows);
  const sha256 = createHash('sha256');
  for (let step = 0; step < steps; step++) {
    const starts = new Float64Array(accumulate * microBatch);
    for (let micro = 0; micro < accumulate; micro++)
      for (let row = 0; row < microBatch; row++)
        starts[micro * microBatch + row] = plan.windowStart(step, micro, row);
    sha256.update(new Uint8Array(starts.buffer));
  }
  return sha256.digest('hex');
}
