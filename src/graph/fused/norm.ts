import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { gradients } from './gradients.ts';
import { rebuildable } from './rebuild.ts';

/**
 * RMSNorm (Zhang and Sennrich, 2019): `x / sqrt(mean(x²) + ε) · gain`.
 * @param x [N, D]
 * @param gain [D]
 */
export function rmsNorm(x: Tensor, gain: Tensor, epsilon: number): Tensor {
  const normal = gradients([x], ([x], save) => {
    const scale = tf.rsqrt(tf.add(tf.mean(tf.square(x!), -1, true), epsilon)); // [N, 1]
    const value = tf.mul(x!, scale);
    save([value, scale]);
    return {
      value,
      gradient: (dy, [normal, scale]) => {
        const along = tf.mean(tf.mul(dy, normal!), -1, true); // [N, 1]
        return [tf.mul(tf.sub(dy, tf.mul(normal!, along)), scale!)];
      },
    };
  });
  const scaled = gradients([normal, gain], ([normal, gain], save) => {
    save([normal!, gain!]);
    return { value: tf.mul(normal!, gain!), gradient: scaleGradients };
  });
  return rebuildable(scaled, [normal, gain], ([normal, gain]) => tf.mul(normal!, gain!));
}

/**
 * LayerNorm (Ba et al., 2016) with the biased variance, as PyTorch.
 * @param x [N, D]
 * @param gain [D]
 * @param bias [D]
 */
export function layerNorm(x: Tensor, gain: Tensor, bias: Tensor, epsilon: number): Tensor {
  const normal = gradients([x], ([x], save) => {
    const centred = tf.sub(x!, tf.mean(x!, -1, true));
    const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon)); // [N, 1]
    const value = tf.mul(centred, scale);
    save([value, scale]);
    return {
      value,
      gradient: (dy, [normal, scale]) => {
        const along = tf.mean(tf.mul(dy, normal!), -1, true); // [N, 1]
        const centred = tf.sub(dy, tf.mean(dy, -1, true));
        return [tf.mul(tf.sub(centred, tf.mul(normal!, along)), scale!)];
      },
    };
  });
  const affine = ([normal, gain, bias]: readonly Tensor[]): Tensor => tf.add(tf.mul(normal!, gain!), bias!);
  const scaled = gradients([normal, gain, bias], (inputs, save) => {
    save(inputs.slice(0, 2));
    return {
      value: affine(inputs),
      gradient: (dy, saved) => [...scaleGradients(dy, saved), tf.sum(dy, 0)],
    };
  });
  return rebuildable(scaled, [normal, gain, bias], affine);
}

/** Gradients of `normal · gain`, [N, D] · [D]. */
function scaleGradients(dy: Tensor, [normal, gain]: readonly Tensor[]): Tensor[] {
  return [tf.mul(dy, gain!), tf.sum(tf.mul(dy, normal!), 0)];
}
