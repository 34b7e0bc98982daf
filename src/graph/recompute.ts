import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { gradients } from './fused/gradients.ts';
import { after } from './ops.ts';

/**
 * `f(inputs)` whose intermediate values are not kept for the gradient but computed a second time (Chen et al., 2016).
 * Only the inputs are kept. The second computation may not start before the incoming gradient is there, otherwise
 * Grappler would merge it with the first and nothing would be saved: that is what the control edge on the first
 * input is for.
 */
export function recomputed(inputs: readonly Tensor[], f: (inputs: readonly Tensor[]) => Tensor): Tensor {
  return gradients(inputs, (inputs, save) => {
    save(inputs);
    return {
      value: f(inputs),
      gradient: (dy, [first, ...rest]) => nestedGradients([after(first!, dy), ...rest], f, dy),
    };
  });
}

/** Gradients inside a gradient function: tfjs clears its tape at the end of any `tf.grads`, also of the outer one. */
function nestedGradients(
  inputs: readonly Tensor[],
  f: (inputs: readonly Tensor[]) => Tensor,
  dy: Tensor,
): Tensor[] {
  const { state } = tf.engine();
  const tape = state.activeTape;
  try {
    return tf.grads((...values: Tensor[]) => f(values))([...inputs], dy);
  } finally {
    state.activeTape = tape;
  }
}
