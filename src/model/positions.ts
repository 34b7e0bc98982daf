import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { stripBounds } from '../graph/fused/mask-strips.ts';
import type { MaskStrip } from '../graph/fused/mask-strips.ts';
import { gatherRows, select } from '../graph/ops.ts';
import type { LlamaConfig } from './config.ts';

/**
 * Where each token of a batch stands and what it may look at.
 * `plain`: token t of a row has position t and sees itself and all before it.
 * `tree`: one row of tokens behind a beginning whose keys and values were kept; both together are a token tree laid out
 * depth first, so that sequences which begin alike share their beginning. Token i sees j when `j <= i < ends[j]`, that is,
 * when j is an ancestor.
 */
export type Layout = { readonly kind: 'plain' } | TreeLayout;

/** T tokens behind P kept ones; indices count the K = P + T tokens of the tree. All int32. */
export interface TreeLayout {
  readonly kind: 'tree';
  /** More than any position. */
  readonly depth: number;
  /** Depth of each of the T tokens. */
  readonly positions: Tensor;
  /** Index of each of the T tokens. */
  readonly queries: Tensor;
  /** Index of each of the K tokens: 0 to K - 1. */
  readonly keys: Tensor;
  /** For each of the K tokens the index behind the last one that descends from it. */
  readonly ends: Tensor;
}

/** Large enough to vanish in float32 softmax, small enough never to overflow when scores are added. */
const HIDDEN = -1e9;

/**
 * Added to attention scores: 0 where a query may look, -1e9 elsewhere; causal strips, or [1, 1, G·T, K] for a tree.
 * @param group query heads G that share a key
 * @param whole in one strip
 */
export function attentionMask(
  layout: Layout,
  length: number,
  group: number,
  whole: boolean,
): readonly MaskStrip[] {
  if (layout.kind === 'plain') return causalMask(whole ? [0, length] : stripBounds(length));
  const query = layout.queries.reshape([1, 1, length, 1]);
  const [keys, ends] = [layout.keys, layout.ends].map((x) => x.reshape([1, 1, 1, x.size])) as [
    Tensor,
    Tensor,
  ];
  const mask = asMask(tf.logicalAnd(tf.greaterEqual(query, keys), tf.less(query, ends))); // [1, 1, T, K]
  const grouped = group === 1 ? mask : tf.concat(new Array<Tensor>(group).fill(mask), 2);
  return [{ start: 0, end: layout.keys.size, mask: grouped }];
}

function causalMask(bounds: readonly number[]): MaskStrip[] {
  return bounds.slice(1).map((end, i) => {
    const start = bounds[i]!;
    const [queries, keys] = [tf.range(start, end, 1, 'int32'), tf.range(0, end, 1, 'int32')];
    const mask = asMask(tf.greaterEqual(queries.reshape([end - start, 1]), keys.reshape([1, end])));
    return { start, end, mask };
  });
}

function asMask(visible: Tensor): Tensor {
  return select(visible, tf.scalar(0), tf.scalar(HIDDEN));
}

/** Rotary tables for `rotate`: cosines and sines [1, T, 1, hd], the sines' first half negated. */
export function rotaryTables(
  config: LlamaConfig,
  layout: Layout,
  length: number,
): { cos: Tensor; sin: Tensor } {
  const size = config.headSize;
  const depth = layout.kind === 'plain' ? length : layout.depth;
  const cos = new Float32Array(depth * size);
  const sin = new Float32Array(depth * size);
  for (let i = 0; i < size; i++) {
    const half = i % (size / 2);
    // In float32, as the reference computes it: at position 8000 the angle differs from float64's by 1e-4.
    const frequency = Math.fround(1 / Math.fround(config.ropeTheta ** ((2 * half) / size)));
    for (let t = 0; t < depth; t++) {
      const angle = Math.fround(t * frequency);
      cos[t * size + i] = Math.cos(angle);
      sin[t * size + i] = Math.sin(angle) * (i < size / 2 ? -1 : 1);
    }
  }
  const rows = (table: Float32Array): Tensor => {
    const all = tf.tensor(table, [depth, size]);
    if (layout.kind === 'plain') return all.reshape([1, length, 1, size]);
    return gatherRows(all, layout.positions).reshape([1, length, 1, size]);
  };
  return { cos: rows(cos), sin: rows(sin) };
}
