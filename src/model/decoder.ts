import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { embedding } from '../graph/fused/embedding.ts';
import { linear } from '../graph/fused/linear.ts';
import type { Precision } from '../graph/ops.ts';
import { recomputed } from '../graph/recompute.ts';
import type { ModelConfig } from './config.ts';
import { gpt2Hidden } from './gpt2.ts';
import { llamaHidden } from './llama.ts';
import { EMBEDDING, HEAD } from './parameters.ts';
import type { Layout } from './positions.ts';

/** Parameter tensors by checkpoint name. */
export type Weights = Readonly<Record<string, Tensor>>;

/**
 * What is computed a second time for the gradient instead of being kept: nothing, the attention weights, or
 * everything inside a block.
 */
export type Recompute = 'none' | 'attention' | 'block';

/** Is shown values of every block while the decoder is traced, and makes outputs of them at once. */
export interface DecoderObserver {
  /** @param weights after softmax, [B, KV, G·T, T]: the query heads in their order, whether grouped or not */
  attention?(layer: number, weights: Tensor): void;
  /** @param keys and `values` of the tokens, [B, KV, T, hd], rotated where the model rotates */
  keysAndValues?(layer: number, keys: Tensor, values: Tensor): void;
  /** @param input residual stream before the block, and `output` behind it, [B·T, D] */
  block?(layer: number, input: Tensor, output: Tensor): void;
}

/** Keys and values of the P tokens before the row, by layer: [B, KV, P, hd]. */
export interface KeptContext {
  readonly keys: readonly Tensor[];
  readonly values: readonly Tensor[];
}

export interface DecoderOptions {
  readonly precision: Precision;
  readonly layout: Layout;
  /** What `tokenVectors` gave for the ids, by a caller who wants the gradient with respect to them. */
  readonly tokenVectors?: Tensor | undefined;
  readonly recompute?: Recompute | undefined;
  /** Only with a tree layout, whose mask covers these tokens too. */
  readonly kept?: KeptContext | undefined;
  /** Not together with `recompute`, which traces a block twice. */
  readonly observer?: DecoderObserver | undefined;
}

/** What a block's queries look at: its own keys and values behind the kept ones. All [B, KV, .., hd]. */
export function withKept(
  layer: number,
  keys: Tensor,
  values: Tensor,
  { kept, observer }: DecoderOptions,
): [keys: Tensor, values: Tensor] {
  observer?.keysAndValues?.(layer, keys, values);
  if (kept === undefined) return [keys, values];
  return [tf.concat([kept.keys[layer]!, keys], 2), tf.concat([kept.values[layer]!, values], 2)];
}

/** Looks a weight up by its name inside a block. */
export type BlockWeights = (name: string) => Tensor;

/**
 * Runs one block. Its weights are handed over by name without `prefix`; with `recompute: 'block'` only its input
 * is kept for the gradient.
 * @param x [B·T, D]
 */
export function runBlock(
  weights: Weights,
  prefix: string,
  x: Tensor,
  recompute: Recompute | undefined,
  block: (weight: BlockWeights, x: Tensor) => Tensor,
): Tensor {
  if (recompute !== 'block') return block((name) => weightOf(weights, prefix + name), x);
  const names = Object.keys(weights).filter((name) => name.startsWith(prefix));
  return recomputed([x, ...names.map((name) => weightOf(weights, name))], ([x, ...values]) => {
    const own = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
    return block((name) => weightOf(own, prefix + name), x!);
  });
}

/**
 * The decoder up to its final norm.
 * @param ids [B, T] int32
 * @returns [B·T, D]
 */
export function hiddenStates(
  config: ModelConfig,
  weights: Weights,
  ids: Tensor,
  options: DecoderOptions,
): Tensor {
  return config.family === 'llama'
    ? llamaHidden(config, weights, ids, options)
    : gpt2Hidden(config, weights, ids, options);
}

/** Rows of the token embedding: ids [B, T] to [B·T, D]. */
export function tokenVectors(config: ModelConfig, weights: Weights, ids: Tensor): Tensor {
  return embedding(weightOf(weights, EMBEDDING[config.family]), ids.reshape([ids.size]));
}

/**
 * Logits of hidden states.
 * @param hidden [N, D]
 * @returns [N, V] float32
 */
export function logits(config: ModelConfig, weights: Weights, hidden: Tensor, precision: Precision): Tensor {
  return linear(hidden, headOf(config, weights), 'outIn', precision);
}

/** The head's matrix [V, D], which may be the token embedding's. */
export function headOf(config: ModelConfig, weights: Weights): Tensor {
  return weightOf(weights, config.tiedHead ? EMBEDDING[config.family] : HEAD);
}

export function weightOf(weights: Weights, name: string): Tensor {
  const weight = weights[name];
  if (weight === undefined) throw new Error(`the weight ${name} is missing`);
  return weight;
}
