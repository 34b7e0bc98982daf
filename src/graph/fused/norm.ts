import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { gradients } from './gradients.ts';

/**
 * RMSNorm (Zhang and Sennrich, 2019): `x / sqrt(mean(x²) + ε) · gain`.
 * @param x [N, D]
 * @param gain [D]
 */
export function rmsNorm(x: Tensor, gain: Tensor, epsilon: number): Tensor {
  return gradients([x, gain], ([x, gain], save) => {
    const scale = tf.rsqrt(tf.add(tf.mean(tf.square(x!), -1, true), epsilon)); // [N, 1]
    const normal = tf.mul(x!, scale);
    save([normal, scale, gain!]);
    return {
      value: tf.mul(normal, gain!),
      gradient: (dy, [normal, scale, gain]) => {
        const d = tf.mul(dy, gain!);
        const along = tf.mean(tf.mul(d, normal!), -1, true); // [N, 1]
        return [tf.mul(tf.sub(d, tf.mul(normal!, along)), scale!), tf.sum(tf.mul(dy, normal!), 0)];
      },
    };
  });
}

/**
 * LayerNorm (Ba et al., 2016) with the biased variance, as PyTorch.
 * @param x [N, D]
 * @param gain [D]
 * @param bias [D]
 */
export function layerNorm(x: Tensor, gain: Tensor, bias: Tensor, epsilon: number): Tensor {
  return gradients([x, gain, bias], ([x, gain, bias], save) => {
    const centred = tf.sub(x!, tf.mean(x!, -1, true));
    const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon)); // [N, 1]
    const normal = tf.mul(centred, scale);
    save([normal, scale, gain!]);
    return {
      value: tf.add(tf.mul(normal, gain!), bias!),
      gradient: (dy, [normal, scale, gain]) => {
        const d = tf.mul(dy, gain!);
        const along = tf.mean(tf.mul(d, normal!), -1, true); // [N, 1]
        const dx = tf.mul(tf.sub(tf.sub(d, tf.mean(d, -1, true)), tf.mul(normal!, along)), scale!);
        return [dx, tf.sum(tf.mul(dy, normal!), 0), tf.sum(dy, 0)];
      },
    };
  });
}
