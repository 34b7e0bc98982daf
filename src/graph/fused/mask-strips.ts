import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';

/**
 * Part of a mask: queries `start` to `end` of T, which look at the keys before `end` alone, as in a causal mask. A mask of another form is one
 * strip, whose `end` is the number of keys.
 */
export interface MaskStrip {
  readonly start: number;
  readonly end: number;
  /** Added to the scores: 0 where a query may look, very negative elsewhere. [end - start, end], or [B, 1, G·T, K]. */
  readonly mask: Tensor;
}

/** Fewer queries than this are not worth kernels of their own. */
const STRIP_QUERIES = 128;
/** Of the T × T scores four strips compute 5/8, sixteen 17/32. */
const MOST_STRIPS = 4;

/** Cuts `length` queries into strips of equal size, as far as it goes: boundaries from 0 to `length`. */
export function stripBounds(length: number): number[] {
  const strips = Math.max(1, Math.min(MOST_STRIPS, Math.floor(length / STRIP_QUERIES)));
  return Array.from({ length: strips + 1 }, (_, i) => Math.round((i * length) / strips));
}

/** [B, KV, G·T, x] to one [B, KV, G·t, x] a strip. */
export function splitQueries(x: Tensor, strips: readonly MaskStrip[]): Tensor[] {
  if (strips.length === 1) return [x];
  const [b, kv, rows, size] = x.shape as [number, number, number, number];
  const length = strips.at(-1)!.end;
  const sizes = strips.map(({ start, end }) => end - start);
  return tf
    .split(x.reshape([b, kv, rows / length, length, size]), sizes, 3)
    .map((part) => part.reshape([b, kv, (rows / length) * part.shape[3]!, size]));
}

/** The inverse of `splitQueries`. */
export function joinQueries(parts: readonly Tensor[], strips: readonly MaskStrip[]): Tensor {
  if (parts.length === 1) return parts[0]!;
  const [b, kv, rows, size] = parts[0]!.shape as [number, number, number, number];
  const group = rows / strips[0]!.end;
  const joined = tf.concat(
    parts.map((part, i) => part.reshape([b, kv, group, strips[i]!.end - strips[i]!.start, size])),
    3,
  );
  return joined.reshape([b, kv, group * strips.at(-1)!.end, size]);
}

/** [B, KV, K, hd] to its first `end` keys. */
export function keysBefore(x: Tensor, end: number): Tensor {
  const [b, kv, keys, size] = x.shape as [number, number, number, number];
  return end === keys ? x : tf.slice(x, [0, 0, 0, 0], [b, kv, end, size]);
}

/** The gradient of `keysBefore` over all strips: [B, KV, end, hd] each to [B, KV, T, hd]. */
export function sumOverKeys(parts: readonly Tensor[], strips: readonly MaskStrip[]): Tensor {
  if (parts.length === 1) return parts[0]!;
  const sizes = strips.map(({ start, end }) => end - start);
  const pieces = parts.map((part, i) => (i === 0 ? [part] : tf.split(part, sizes.slice(0, i + 1), 2)));
  return tf.concat(
    sizes.map((_, j) => {
      const same = pieces.slice(j).map((piece) => piece[j]!);
      return same.length === 1 ? same[0]! : tf.addN(same);
    }),
    2,
  );
}
