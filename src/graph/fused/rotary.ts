import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { gradients } from './gradients.ts';

/**
 * Rotary position embedding (Su et al., 2021) in Hugging Face's half-split order: dimension i turns with i + hd/2.
 * @param x [B, T, H, hd]
 * @param cos [.., T, 1, hd] cosines, each half the same
 * @param sin [.., T, 1, hd] sines, the first half negated
 */
export function rotate(x: Tensor, cos: Tensor, sin: Tensor): Tensor {
  return gradients([x], ([x], save) => {
    save([]);
    return {
      value: tf.add(tf.mul(x!, cos), tf.mul(swapHalves(x!), sin)),
      // A rotation's transpose is the rotation back.
      gradient: (dy) => [tf.add(tf.mul(dy, cos), swapHalves(tf.mul(dy, sin)))],
    };
  });
}

function swapHalves(x: Tensor): Tensor {
  const axis = x.rank - 1;
  const half = (x.shape[axis] as number) / 2;
  const size = x.shape.map((d, i) => (i === axis ? half : d));
  const from = (start: number): Tensor =>
    tf.slice(
      x,
      x.shape.map((_, i) => (i === axis ? start : 0)),
      size,
    );
  return tf.concat([from(half), from(0)], axis);
}
