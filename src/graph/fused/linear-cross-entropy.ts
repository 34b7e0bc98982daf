import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { after, matMul, sparseCrossEntropy, toFloat32, toPrecision } from '../ops.ts';
import type { Precision } from '../ops.ts';
import { gradients } from './gradients.ts';

/**
 * Mean cross-entropy of a linear layer's logits without ever holding all of them: tokens go through in chunks, one
 * after another, and each chunk's share of the gradient is computed while its logits are there (as Liger's fused
 * linear cross-entropy does). The largest temporary is [chunk, V] instead of [N, V].
 * @param hidden [N, D]
 * @param head [V, D]
 * @param labels [N] int32
 * @returns scalar, nats
 */
export function linearCrossEntropy(
  hidden: Tensor,
  head: Tensor,
  labels: Tensor,
  options: { readonly precision: Precision; readonly chunk: number },
): Tensor {
  const [rows, width] = hidden.shape as [number, number];
  return gradients([hidden, head], ([hidden, head], save) => {
    const weight = toPrecision(head!, options.precision);
    const losses: Tensor[] = [];
    const hiddenGradients: Tensor[] = [];
    let headGradient: Tensor | undefined;
    for (let at = 0; at < rows; at += options.chunk) {
      const size = Math.min(options.chunk, rows - at);
      const part = tf.slice(hidden!, [at, 0], [size, width]); // [C, D]
      const x = toPrecision(headGradient === undefined ? part : after(part, headGradient), options.precision);
      const logits = toFloat32(matMul(x, weight, { transposeB: true }), options.precision); // [C, V]
      const { loss, gradient } = sparseCrossEntropy(logits, tf.slice(labels, [at], [size]));
      const d = toPrecision(gradient, options.precision); // [C, V]
      losses.push(loss);
      hiddenGradients.push(toFloat32(matMul(d, weight), options.precision)); // [C, D]
      const share = toFloat32(matMul(d, x, { transposeA: true }), options.precision); // [V, D]
      headGradient = headGradient === undefined ? share : tf.add(headGradient, share);
    }
    save([tf.concat(hiddenGradients, 0), headGradient!]);
    return {
      value: tf.mean(tf.concat(losses, 0)),
      gradient: (dy, [dHidden, dHead]) => {
        const scale = tf.div(dy, rows);
        return [tf.mul(dHidden!, scale), tf.mul(dHead!, scale)];
      },
    };
  });
}

/** The same value without the work for a gradient. */
export function linearCrossEntropyValue(
  hidden: Tensor,
  head: Tensor,
  labels: Tensor,
  options: { readonly precision: Precision; readonly chunk: number },
): Tensor {
  const [rows, width] = hidden.shape as [number, number];
  const weight = toPrecision(head, options.precision);
  const losses: Tensor[] = [];
  for (let at = 0; at < rows; at += options.chunk) {
    const size = Math.min(options.chunk, rows - at);
    const part = tf.slice(hidden, [at, 0], [size, width]); // [C, D]
    const last = losses.at(-1);
    const x = toPrecision(last === undefined ? part : after(part, last), options.precision);
    const logits = toFloat32(matMul(x, weight, { transposeB: true }), options.precision); // [C, V]
    losses.push(sparseCrossEntropy(logits, tf.slice(labels, [at], [size])).loss);
  }
  return tf.mean(tf.concat(losses, 0));
}
