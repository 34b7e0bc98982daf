import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { gradients } from './gradients.ts';

/** SwiGLU (Shazeer, 2020): `silu(gate) · up`, all [N, F]. Only the two inputs are kept for the gradient. */
export function swiGlu(gate: Tensor, up: Tensor): Tensor {
  return gradients([gate, up], ([gate, up], save) => {
    const sigmoid = tf.sigmoid(gate!);
    save([gate!, up!, sigmoid]);
    return {
      value: tf.mul(tf.mul(gate!, sigmoid), up!),
      gradient: (dy, [gate, up, sigmoid]) => {
        const silu = tf.mul(gate!, sigmoid!);
        const slope = tf.add(sigmoid!, tf.mul(silu, tf.sub(1, sigmoid!)));
        return [tf.mul(tf.mul(dy, up!), slope), tf.mul(dy, silu)];
      },
    };
  });
}

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** GELU with the tanh approximation, Hugging Face's `gelu_new` (Hendrycks and Gimpel, 2016). */
export function geluNew(x: Tensor): Tensor {
  return gradients([x], ([x], save) => {
    const square = tf.square(x!);
    const tanh = tf.tanh(tf.mul(tf.mul(x!, SQRT_2_OVER_PI), tf.add(tf.mul(square, CUBIC), 1)));
    save([x!, tanh]);
    return {
      value: tf.mul(tf.mul(x!, 0.5), tf.add(tanh, 1)),
      gradient: (dy, [x, tanh]) => {
        const inner = tf.mul(tf.add(tf.mul(tf.square(x!), 3 * CUBIC), 1), SQRT_2_OVER_PI);
        const sech2 = tf.sub(1, tf.square(tanh!));
        const slope = tf.add(tf.add(tanh!, 1), tf.mul(tf.mul(x!, inner), sech2));
        return [tf.mul(dy, tf.mul(slope, 0.5))];
      },
    };
  });
}
