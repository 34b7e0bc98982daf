import { DataError } from './data-error.ts';

import type { BatchPlan } from './batches.ts';
import type { TokenFile } from './token-file.ts';

export interface Batch {
  /** Row-major `[microBatch, sequenceLength]`. */
  readonly inputs: Int32Array;
  /** The same rows one token later, `[microBatch, sequenceLength]`. */
  readonly targets: Int32Array;
}

/**
 * Micro-batch `micro` of optimizer step `step` (both from 0), every id checked against the vocabulary.
 * @throws DataError from `TokenFile.readTokens`; `batch-plan-invalid` for a plan made for a file of another length.
 */
export async function readBatch(tokenFile: TokenFile, plan: BatchPlan, step: number, micro: number): Promise<Batch> {
  if (plan.tokens !== tokenFile.tokens) {
    throw new DataError(
      'batch-plan-invalid',
      `The batch plan is for ${String(plan.tokens)} tokens and ${tokenFile.path} has ${String(tokenFile.tokens)}. Make the plan from this file.`,
    );
  }
  const { microBatch, sequenceLength } = plan;
  const inputs = new Int32Array(microBatch * sequenceLength);
  const targets = new Int32Array(microBatch * sequenceLength);
  for (let row = 0; row < microBatch; row += 1) {
    const window = await tokenFile.readTokens(plan.windowStart(step, micro, row), sequenceLength + 1); // [T + 1]
    inputs.set(window.subarray(0, sequenceLength), row * sequenceLength);
    targets.set(window.subarray(1), row * sequenceLength);
  }
  return { inputs, targets };
}
