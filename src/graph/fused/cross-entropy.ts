import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { argMaxRows, sparseCrossEntropy } from '../ops.ts';
import { gradients } from './gradients.ts';

/**
 * Mean cross-entropy in nats.
 * @param logits [N, V] float32
 * @param labels [N] int32
 * @returns scalar
 */
export function meanCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const rows = logits.shape[0] as number;
  return gradients([logits], ([logits], save) => {
    const { loss, gradient } = sparseCrossEntropy(logits!, labels);
    save([gradient]);
    return { value: tf.mean(loss), gradient: (dy, [gradient]) => [tf.mul(gradient!, tf.div(dy, rows))] };
  });
}

/** Log-probability [N] of each label, and whether it is the row's most probable one (int32 0 or 1). */
export function labelLogProbabilities(
  logits: Tensor,
  labels: Tensor,
): { logProbability: Tensor; greedy: Tensor } {
  const { loss } = sparseCrossEntropy(logits, labels);
  return { logProbability: tf.neg(loss), greedy: tf.equal(argMaxRows(logits), labels).toInt() };
}
