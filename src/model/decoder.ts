import type { Tensor } from '@tensorflow/tfjs';
import { linear } from '../graph/fused/linear.ts';
import type { Precision } from '../graph/ops.ts';
import type { ModelConfig } from './config.ts';
import { gpt2Hidden } from './gpt2.ts';
import { llamaHidden } from './llama.ts';
import { EMBEDDING, HEAD } from './parameters.ts';
import type { Layout } from './positions.ts';

/** Parameter tensors by checkpoint name. */
export type Weights = Readonly<Record<string, Tensor>>;

export interface DecoderOptions {
  readonly precision: Precision;
  readonly layout: Layout;
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

/**
 * Logits of hidden states.
 * @param hidden [N, D]
 * @returns [N, V] float32
 */
export function logits(config: ModelConfig, weights: Weights, hidden: Tensor, precision: Precision): Tensor {
  const head = weightOf(weights, config.tiedHead ? EMBEDDING[config.family] : HEAD);
  return linear(hidden, head, 'outIn', precision);
}

export function weightOf(weights: Weights, name: string): Tensor {
  const weight = weights[name];
  if (weight === undefined) throw new Error(`the weight ${name} is missing`);
  return weight;
}
