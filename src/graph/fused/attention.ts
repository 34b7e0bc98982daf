import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { after, batchMatMul, toFloat32, toPrecision } from '../ops.ts';
import type { Precision } from '../ops.ts';
import { gradients } from './gradients.ts';

export interface AttentionOptions {
  /** Of the scores; usually 1/√hd. */
  readonly scale: number;
  readonly precision: Precision;
  /** Compute the T × T weights again for the gradient instead of keeping them. */
  readonly recompute?: boolean | undefined;
  /** Is shown the weights [B, KV, G·T, K] while the forward pass is traced. */
  readonly onWeights?: ((weights: Tensor) => void) | undefined;
}

/**
 * Softmax attention. Grouped queries are folded into rows (G queries of a group after each other), so that keys
 * and values are never repeated and their gradients are summed over the group by the matrix product itself.
 * @param q [B, KV, G·T, hd]
 * @param k [B, KV, K, hd]
 * @param v [B, KV, K, hd]
 * @param mask added to the scores: 0 where a query may look, very negative elsewhere. [T, K], or [B, 1, G·T, K]
 * @returns [B, KV, G·T, hd]
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, options: AttentionOptions): Tensor {
  const { scale, precision, recompute = false, onWeights } = options;
  const [b, kv, rows] = q.shape as [number, number, number, number];
  const keys = k.shape[2] as number;
  const weightsOf = (qs: Tensor, ks: Tensor): Tensor => {
    const scores = toFloat32(batchMatMul(qs, ks, { transposeB: true }), precision); // [B, KV, G·T, K]
    if (mask.rank === 4) return tf.softmax(tf.add(scores, mask));
    const queries = mask.shape[0] as number;
    const grouped = scores.reshape([b, kv, rows / queries, queries, keys]);
    return tf.softmax(tf.add(grouped, mask)).reshape([b, kv, rows, keys]);
  };
  return gradients([q, k, v], ([q, k, v], save) => {
    const [qs, ks, vs] = [tf.mul(q!, scale), k!, v!].map((x) => toPrecision(x, precision)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const weights = weightsOf(qs, ks);
    onWeights?.(weights);
    const value = toFloat32(batchMatMul(toPrecision(weights, precision), vs), precision); // [B, KV, G·T, hd]
    save(recompute ? [qs, ks, vs, value] : [qs, ks, vs, value, weights]);
    return {
      value,
      gradient: (dy, [qs, ks, vs, value, kept]) => {
        const weights = kept ?? weightsOf(after(qs!, dy), ks!);
        const d = toPrecision(dy, precision);
        const dv = batchMatMul(toPrecision(weights, precision), d, { transposeA: true });
        const dWeights = toFloat32(batchMatMul(d, vs!, { transposeB: true }), precision);
        // Σ_t dP·P = Σ_i dO·O: the same number from a row of hd instead of T (Dao et al., 2022).
        const along = tf.sum(tf.mul(dy, value!), -1, true);
        const dScores = toPrecision(tf.mul(weights, tf.sub(dWeights, along)), precision);
        const dq = toFloat32(batchMatMul(dScores, ks!), precision);
        const dk = batchMatMul(dScores, qs!, { transposeA: true });
        return [tf.mul(dq, scale), toFloat32(dk, precision), toFloat32(dv, precision)];
      },
    };
  });
}
