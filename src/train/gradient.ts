import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { after, l2Loss, firstOccurrences, segmentSum } from '../graph/ops.ts';
import type { Effect } from '../graph/program.ts';

/** A gradient on its way to the optimizer: a tensor, or something that need not be one until it is used. */
export interface Gradient {
  /** Half the sum of its squares, a scalar. */
  halfSquares(): Tensor;
  /** The gradient as a tensor of the weight's shape, times `scale` where given; made no earlier than `waitFor` is done. */
  dense(scale?: Tensor, waitFor?: readonly Effect[]): Tensor;
  /** Whether `dense` takes memory of its own: such gradients become tensors one after the other. */
  readonly isLazy: boolean;
}

export function tensorGradient(value: Tensor): Gradient {
  return {
    halfSquares: () => l2Loss(value),
    dense: (scale) => times(value, scale),
    isLazy: false,
  };
}

/** A gradient that a variable holds, and nothing may write over. */
export function heldGradient(value: Tensor): Gradient {
  return {
    halfSquares: () => l2Loss(value),
    dense: (scale, waitFor = []) => times(after(value, ...waitFor), scale),
    isLazy: true,
  };
}

/**
 * Gradient of a lookup in a table [V, D]: rows [N, D] to be summed at ids [N]. As a tensor it would be mostly zeros and
 * alive together with all other gradients while their norm is computed.
 */
export function lookupGradient(rows: Tensor, ids: Tensor, vocabulary: number): Gradient {
  return {
    halfSquares: () => l2Loss(segmentSum(rows, firstOccurrences(ids, vocabulary), ids.size)),
    dense: (scale, waitFor = []) => segmentSum(after(times(rows, scale), ...waitFor), ids, vocabulary),
    isLazy: true,
  };
}

function times(value: Tensor, scale: Tensor | undefined): Tensor {
  return scale === undefined ? value : tf.mul(value, scale);
}
