import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { after, toPrecision } from '../ops.ts';
import type { Precision } from '../ops.ts';
import { gradients } from './gradients.ts';
import { weighted, weightedGradients } from './linear.ts';
import type { WeightLayout } from './linear.ts';

/** An elementwise function of one or more tensors of a shape, and its gradients from that of its value. */
export type Activation = (inputs: readonly Tensor[]) => {
  readonly value: Tensor;
  readonly gradient: (dy: Tensor) => Tensor[];
};

/**
 * `activation(inputs) · weight`, without bias. Only the activation's inputs are kept for the gradient: computing its
 * value a second time is little beside the three products with the weight.
 * @param inputs each [N, in]
 * @param weight [out, in] or [in, out], by `layout`
 * @returns [N, out], float32
 */
export function activatedLinear(
  activation: Activation,
  inputs: readonly Tensor[],
  weight: Tensor,
  layout: WeightLayout,
  precision: Precision,
): Tensor {
  return gradients([...inputs, weight], (given, save) => {
    const ws = toPrecision(given.at(-1)!, precision);
    const parts = given.slice(0, -1);
    save([...parts, ws]);
    return {
      value: weighted(toPrecision(activation(parts).value, precision), ws, layout, precision),
      gradient: (dy, saved) => {
        // Not before it is needed: the executor would compute it during the forward pass and keep it till now.
        const { value, gradient } = activation(saved.slice(0, -1).map((input) => after(input, dy)));
        const xs = toPrecision(value, precision);
        const [dx, dw] = weightedGradients(dy, xs, saved.at(-1)!, layout, precision);
        return [...gradient(dx), dw];
      },
    };
  });
}

/** SwiGLU (Shazeer, 2020): `silu(gate) · up`. */
export const swiGlu: Activation = ([gate, up]) => {
  const sigmoid = tf.sigmoid(gate!);
  const silu = tf.mul(gate!, sigmoid);
  return {
    value: tf.mul(silu, up!),
    gradient: (dy) => {
      const slope = tf.add(sigmoid, tf.mul(silu, tf.sub(1, sigmoid)));
      return [tf.mul(tf.mul(dy, up!), slope), tf.mul(dy, silu)];
    },
  };
};

const SLOPE = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/**
 * GELU with the tanh approximation, Hugging Face's `gelu_new` (Hendrycks and Gimpel, 2016): with a sigmoid instead, (1 + tanh u) / 2 =
 * σ(2u), which takes a third fewer passes over memory.
 */
export const geluNew: Activation = ([x]) => {
  const square = tf.square(x!);
  const sigmoid = tf.sigmoid(tf.mul(tf.add(tf.mul(square, SLOPE * CUBIC), SLOPE), x!));
  const value = tf.mul(x!, sigmoid);
  return {
    value,
    gradient: (dy) => {
      const inner = tf.add(tf.mul(square, 3 * SLOPE * CUBIC), SLOPE);
      return [tf.mul(dy, tf.add(sigmoid, tf.mul(tf.mul(value, tf.sub(1, sigmoid)), inner)))];
    },
  };
};
