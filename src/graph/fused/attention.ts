import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { after, batchMatMul, toFloat32, toPrecision } from '../ops.ts';
import type { Precision } from '../ops.ts';
import { joinQueries, keysBefore, splitQueries, sumOverKeys } from './mask-strips.ts';
import type { MaskStrip } from './mask-strips.ts';
import { gradients } from './gradients.ts';

export interface AttentionOptions {
  /** Of the scores; usually 1/√hd. */
  readonly scale: number;
  readonly precision: Precision;
  /** Compute the T × T weights again for the gradient instead of keeping them. */
  readonly recompute?: boolean | undefined;
  /** Is shown the weights [B, KV, G·T, K] while the forward pass is traced; only with a mask in one strip. */
  readonly onWeights?: ((weights: Tensor) => void) | undefined;
}

/** Queries with the keys and values they look at, in the precision of matrix products. */
interface Part {
  /** [B, KV, G·t, hd], scaled */
  readonly q: Tensor;
  /** [B, KV, K, hd] */
  readonly k: Tensor;
  /** [B, KV, K, hd] */
  readonly v: Tensor;
  /** [t, K], or [B, 1, G·t, K] */
  readonly mask: Tensor;
}

/**
 * Softmax attention. Grouped queries are folded into rows (G queries of a group after each other), so that keys
 * and values are never repeated and their gradients are summed over the group by the matrix product itself.
 * @param q [B, KV, G·T, hd]
 * @param k [B, KV, K, hd]
 * @param v [B, KV, K, hd]
 * @param strips the mask, whole or in strips: keys behind a strip's end are not looked at
 * @returns [B, KV, G·T, hd]
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  strips: readonly MaskStrip[],
  options: AttentionOptions,
): Tensor {
  const { scale, precision, recompute = false, onWeights } = options;
  const partsOf = (q: Tensor, k: Tensor, v: Tensor): Part[] => {
    const queries = splitQueries(q, strips);
    return strips.map((strip, i) => ({
      ...{ q: queries[i]!, mask: strip.mask },
      ...{ k: keysBefore(k, strip.end), v: keysBefore(v, strip.end) },
    }));
  };
  return gradients([q, k, v], ([q, k, v], save) => {
    const [qs, ks, vs] = [tf.mul(q!, scale), k!, v!].map((x) => toPrecision(x, precision)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const parts = partsOf(qs, ks, vs);
    const weights = parts.map((part) => weightsOf(part, precision));
    if (weights.length === 1) onWeights?.(weights[0]!);
    const mixed = parts.map((part, i) =>
      toFloat32(batchMatMul(toPrecision(weights[i]!, precision), part.v), precision),
    );
    const value = joinQueries(mixed, strips); // [B, KV, G·T, hd]
    save(recompute ? [qs, ks, vs, value] : [qs, ks, vs, value, ...weights]);
    return {
      value,
      gradient: (dy, [qs, ks, vs, value, ...kept]) => {
        const parts = partsOf(recompute ? after(qs!, dy) : qs!, ks!, vs!);
        // Σ_t dP·P = Σ_i dO·O: the same number from a row of hd instead of T (Dao et al., 2022).
        const along = tf.sum(tf.mul(dy, value!), -1, true);
        const [dys, alongs] = [splitQueries(dy, strips), splitQueries(along, strips)];
        const results = parts.map((part, i) =>
          partGradients(part, kept[i] ?? weightsOf(part, precision), dys[i]!, alongs[i]!, precision),
        );
        const dq = results.map(({ dq }) => dq);
        const dk = results.map(({ dk }) => dk);
        const dv = results.map(({ dv }) => dv);
        return [tf.mul(joinQueries(dq, strips), scale), sumOverKeys(dk, strips), sumOverKeys(dv, strips)];
      },
    };
  });
}

/** [B, KV, G·t, K] */
function weightsOf({ q, k, mask }: Part, precision: Precision): Tensor {
  const scores = toFloat32(batchMatMul(q, k, { transposeB: true }), precision);
  if (mask.rank === 4) return tf.softmax(tf.add(scores, mask));
  const [b, kv, rows, keys] = scores.shape as [number, number, number, number];
  const queries = mask.shape[0] as number;
  const grouped = scores.reshape([b, kv, rows / queries, queries, keys]);
  return tf.softmax(tf.add(grouped, mask)).reshape([b, kv, rows, keys]);
}

/**
 * @param dy gradient of the part's value, [B, KV, G·t, hd]
 * @param along its inner product with the value, [B, KV, G·t, 1]
 */
function partGradients(
  { q, k, v }: Part,
  weights: Tensor,
  dy: Tensor,
  along: Tensor,
  precision: Precision,
): { dq: Tensor; dk: Tensor; dv: Tensor } {
  const d = toPrecision(dy, precision);
  const dv = batchMatMul(toPrecision(weights, precision), d, { transposeA: true });
  const dWeights = toFloat32(batchMatMul(d, v, { transposeB: true }), precision);
  const dScores = toPrecision(tf.mul(weights, tf.sub(dWeights, along)), precision);
  const dq = batchMatMul(dScores, k);
  const dk = batchMatMul(dScores, q, { transposeA: true });
  return {
    dq: toFloat32(dq, precision),
    dk: toFloat32(dk, precision),
    dv: toFloat32(dv, precision),
  };
}
