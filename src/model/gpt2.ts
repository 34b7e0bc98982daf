import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { activatedLinear, geluNew } from '../graph/fused/activation.ts';
import { attention } from '../graph/fused/attention.ts';
import { embedding } from '../graph/fused/embedding.ts';
import { addBias, linear } from '../graph/fused/linear.ts';
import type { MaskStrip } from '../graph/fused/mask-strips.ts';
import { layerNorm } from '../graph/fused/norm.ts';
import type { Gpt2Config } from './config.ts';
import { runBlock, tokenVectors, weightOf, withKept } from './decoder.ts';
import type { BlockWeights, DecoderOptions, Weights } from './decoder.ts';
import { splitHeads, ungroupQueries } from './heads.ts';
import { attentionMask } from './positions.ts';
import type { Layout } from './positions.ts';

interface Shared extends DecoderOptions {
  readonly mask: readonly MaskStrip[];
  /** Number of the block being traced. */
  readonly layer: number;
  readonly batch: number;
  readonly length: number;
}

/** GPT-2 (Radford et al., 2019) up to its final norm: ids [B, T] to [B·T, D]. Same numbers as `transformers`' `GPT2Model`. */
export function gpt2Hidden(
  config: Gpt2Config,
  weights: Weights,
  ids: Tensor,
  options: DecoderOptions,
): Tensor {
  const [batch, length] = ids.shape as [number, number];
  const shared = {
    ...options,
    mask: attentionMask(options.layout, length, 1, options.observer?.attention !== undefined),
    batch,
    length,
  };
  const tokens = options.tokenVectors ?? tokenVectors(config, weights, ids); // [B·T, D]
  const positions = embedding(
    weightOf(weights, 'transformer.wpe.weight'),
    positionIds(options.layout, shared),
  );
  let x = tf.add(tokens, positions); // [B·T, D]
  for (let layer = 0; layer < config.layers; layer++) {
    const scale = config.scaleByInverseLayer ? 1 / (layer + 1) : 1;
    const input = x;
    x = runBlock(weights, `transformer.h.${layer}.`, input, options.recompute, (weight, x) =>
      block(config, weight, x, scale, { ...shared, layer }),
    );
    options.observer?.block?.(layer, input, x);
  }
  return norm(config, (name) => weightOf(weights, `transformer.${name}`), 'ln_f', x);
}

function block(
  config: Gpt2Config,
  weight: BlockWeights,
  x: Tensor,
  attentionScale: number,
  shared: Shared,
): Tensor {
  const y = tf.add(x, selfAttention(config, weight, norm(config, weight, 'ln_1', x), attentionScale, shared));
  return tf.add(y, feedForward(weight, norm(config, weight, 'ln_2', y), shared)); // [B·T, D]
}

function selfAttention(
  config: Gpt2Config,
  weight: BlockWeights,
  x: Tensor,
  attentionScale: number,
  shared: Shared,
): Tensor {
  const { batch, length, mask, precision, recompute, layer, observer } = shared;
  const qkv = convolve(weight, 'attn.c_attn', x, shared).reshape([
    batch,
    length,
    3,
    config.heads,
    config.headSize,
  ]);
  const [q, k, v] = tf
    .split(qkv, 3, 2)
    .map((part) => splitHeads(part.reshape([batch, length, config.heads, config.headSize]))) as [
    Tensor,
    Tensor,
    Tensor,
  ]; // each [B, H, T, hd]
  const [keys, values] = withKept(layer, k, v, shared); // [B, H, K, hd]
  const mixed = attention(q, keys, values, mask, {
    scale: attentionScale / Math.sqrt(config.headSize),
    precision,
    recompute: recompute === 'attention',
    onWeights: (weights) => observer?.attention?.(layer, weights),
  }); // [B, H, T, hd]
  return convolve(weight, 'attn.c_proj', ungroupQueries(mixed, length), shared); // [B·T, D]
}

function feedForward(weight: BlockWeights, x: Tensor, shared: Shared): Tensor {
  const wide = convolve(weight, 'mlp.c_fc', x, shared); // [B·T, F]
  const narrow = activatedLinear(geluNew, [wide], weight('mlp.c_proj.weight'), 'inOut', shared.precision);
  return addBias(narrow, weight('mlp.c_proj.bias')); // [B·T, D]
}

/** Transformers' Conv1D: a linear layer whose matrix is [in, out], with a bias. */
function convolve(weight: BlockWeights, name: string, x: Tensor, { precision }: Shared): Tensor {
  return addBias(linear(x, weight(`${name}.weight`), 'inOut', precision), weight(`${name}.bias`));
}

function norm(config: Gpt2Config, weight: BlockWeights, name: string, x: Tensor): Tensor {
  return layerNorm(x, weight(`${name}.weight`), weight(`${name}.bias`), config.normEpsilon);
}

/** [B·T] */
function positionIds(layout: Layout, { batch, length }: Pick<Shared, 'batch' | 'length'>): Tensor {
  if (layout.kind === 'tree') return layout.positions.reshape([batch * length]);
  return tf.tile(tf.range(0, length, 1, 'int32'), [batch]);
}
