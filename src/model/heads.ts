import type { Tensor } from '@tensorflow/tfjs';
import { rebuildable } from '../graph/fused/rebuild.ts';

/** [B, T, H, hd] to [B, H, T, hd] */
export function splitHeads(x: Tensor): Tensor {
  return x.transpose([0, 2, 1, 3]);
}

/** [B, T, H, hd] to [B, KV, G·T, hd]: the G = H / KV queries that share a key stand after each other. */
export function groupQueries(q: Tensor, keyValueHeads: number): Tensor {
  const [batch, length, heads, size] = q.shape as [number, number, number, number];
  return splitHeads(q).reshape([batch, keyValueHeads, (heads / keyValueHeads) * length, size]);
}

/** [B, KV, G·T, hd] back to [B·T, H·hd] */
export function ungroupQueries(x: Tensor, length: number): Tensor {
  const [batch, groups, rows, size] = x.shape as [number, number, number, number];
  const heads = (groups * rows) / length;
  const joined = ([x]: readonly Tensor[]): Tensor =>
    x!
      .reshape([batch, heads, length, size])
      .transpose([0, 2, 1, 3])
      .reshape([batch * length, heads * size]);
  // Attention keeps its value for its own gradient.
  return rebuildable(joined([x]), [x], joined);
}
