import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { after, gatherRows, matMul, sparseCrossEntropy, toFloat32, toPrecision } from '../ops.ts';
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

/** Tokens, and rows of the head, whose logits `linearCrossEntropyValue` holds at once: 8 MB, which caches hold. */
const TILE = { tokens: 1024, vocabulary: 2048 } as const;

/**
 * The same value without the work for a gradient: the normaliser is summed up over tiles of the logits, so that the head is
 * read once and all passes over a tile but the product itself find it in the cache.
 */
export function linearCrossEntropyValue(
  hidden: Tensor,
  head: Tensor,
  labels: Tensor,
  precision: Precision,
): Tensor {
  const [rows, width] = hidden.shape as [number, number];
  const weight = toPrecision(head, precision);
  const losses: Tensor[] = [];
  for (let at = 0; at < rows; at += TILE.tokens) {
    const size = Math.min(TILE.tokens, rows - at);
    const part = tf.slice(hidden, [at, 0], [size, width]); // [N, D]
    const x = toPrecision(after(part, ...losses.slice(-1)), precision);
    const chosen = toPrecision(gatherRows(head, tf.slice(labels, [at], [size])), precision); // [N, D]
    const logits = tf.sum(tf.mul(toFloat32(x, precision), toFloat32(chosen, precision)), 1); // [N], of the labels
    losses.push(tf.sub(logNormaliser(x, weight, precision), logits));
  }
  return tf.mean(tf.concat(losses, 0));
}

/** log Σ exp over the vocabulary of x·headᵀ, tile by tile one after another: [N, D] and [V, D] to [N]. */
function logNormaliser(x: Tensor, head: Tensor, precision: Precision): Tensor {
  const [vocabulary, width] = head.shape as [number, number];
  const tops: Tensor[] = [];
  const sums: Tensor[] = [];
  for (let at = 0; at < vocabulary; at += TILE.vocabulary) {
    const size = Math.min(TILE.vocabulary, vocabulary - at);
    const tile = tf.slice(head, [at, 0], [size, width]); // [Vt, D]
    const product = matMul(after(x, ...sums.slice(-1)), tile, { transposeB: true });
    const logits = toFloat32(product, precision); // [N, Vt]
    const top = tf.max(logits, 1, true); // [N, 1]
    tops.push(top);
    sums.push(tf.sum(tf.exp(tf.sub(logits, top)), 1, true)); // [N, 1]
  }
  const shifts = tf.concat(tops, 1); // [N, tiles]
  const top = tf.max(shifts, 1, true); // [N, 1]
  const sum = tf.sum(tf.mul(tf.concat(sums, 1), tf.exp(tf.sub(shifts, top))), 1); // [N]
  return tf.add(tf.log(sum), tf.squeeze(top, [1]));
}
