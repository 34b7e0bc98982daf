import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { gatherRows, select } from '../graph/ops.ts';
import type { LlamaConfig } from './config.ts';

/**
 * Where each token of a batch stands and what it may look at.
 * `plain`: token t of a row has position t and sees itself and all before it.
 * `tree`: a row holds a token tree laid out depth first, so that sequences which begin alike share their
 * beginning: `positions` [B, T] are depths, and token i sees j when `j <= i < ends[j]`, that is, when j is an ancestor.
 */
export type Layout =
  { readonly kind: 'plain' } | { readonly kind: 'tree'; readonly positions: Tensor; readonly ends: Tensor };

/** Large enough to vanish in float32 softmax, small enough never to overflow when scores are added. */
const HIDDEN = -1e9;

/** Added to attention scores: 0 where a query may look, -1e9 elsewhere; [T, T], or [B, 1, 1, T, T] for a tree. */
export function attentionMask(layout: Layout, length: number): Tensor {
  const index = tf.range(0, length, 1, 'int32');
  const query = index.reshape([length, 1]);
  const causal = tf.greaterEqual(query, index.reshape([1, length])); // [T, T]
  if (layout.kind === 'plain') return asMask(causal);
  const batch = layout.ends.shape[0] as number;
  const inside = tf.less(query, layout.ends.reshape([batch, 1, 1, 1, length])); // [B, 1, 1, T, T]
  return asMask(tf.logicalAnd(causal, inside));
}

function asMask(visible: Tensor): Tensor {
  return select(visible, tf.scalar(0), tf.scalar(HIDDEN));
}

/** Rotary tables for `rotate`: cosines and sines [1 or B, T, 1, hd], the sines' first half negated. */
export function rotaryTables(
  config: LlamaConfig,
  layout: Layout,
  length: number,
): { cos: Tensor; sin: Tensor } {
  const size = config.headSize;
  // A tree is never deeper than its row is long, and a row of short sequences may be longer than the model's context.
  const cos = new Float32Array(length * size);
  const sin = new Float32Array(length * size);
  for (let i = 0; i < size; i++) {
    const half = i % (size / 2);
    // In float32, as the reference computes it: at position 8000 the angle differs from float64's by 1e-4.
    const frequency = Math.fround(1 / Math.fround(config.ropeTheta ** ((2 * half) / size)));
    for (let t = 0; t < length; t++) {
      const angle = Math.fround(t * frequency);
      cos[t * size + i] = Math.cos(angle);
      sin[t * size + i] = Math.sin(angle) * (i < size / 2 ? -1 : 1);
    }
  }
  const rows = (table: Float32Array): Tensor => {
    const all = tf.tensor(table, [length, size]);
    if (layout.kind === 'plain') return all.reshape([1, length, 1, size]);
    return gatherRows(all, layout.positions).reshape([layout.positions.shape[0] as number, length, 1, size]);
  };
  return { cos: rows(cos), sin: rows(sin) };
}
