import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { activatedLinear, swiGlu } from '../graph/fused/activation.ts';
import { attention } from '../graph/fused/attention.ts';
import { linear } from '../graph/fused/linear.ts';
import type { MaskStrip } from '../graph/fused/mask-strips.ts';
import { rmsNorm } from '../graph/fused/norm.ts';
import { rotate } from '../graph/fused/rotary.ts';
import type { LlamaConfig } from './config.ts';
import { runBlock, tokenVectors, weightOf, withKept } from './decoder.ts';
import type { BlockWeights, DecoderOptions, Weights } from './decoder.ts';
import { groupQueries, splitHeads, ungroupQueries } from './heads.ts';
import { attentionMask, rotaryTables } from './positions.ts';

/** What all blocks share: masks and tables are made once. */
interface Shared extends DecoderOptions {
  readonly mask: readonly MaskStrip[];
  /** Number of the block being traced. */
  readonly layer: number;
  readonly cos: Tensor;
  readonly sin: Tensor;
  readonly batch: number;
  readonly length: number;
}

/** LLaMA (Touvron et al., 2023) up to its final norm: ids [B, T] to [B·T, D]. Same numbers as `transformers`' `LlamaModel`. */
export function llamaHidden(
  config: LlamaConfig,
  weights: Weights,
  ids: Tensor,
  options: DecoderOptions,
): Tensor {
  const [batch, length] = ids.shape as [number, number];
  const { cos, sin } = rotaryTables(config, options.layout, length);
  const mask = attentionMask(
    options.layout,
    length,
    config.heads / config.keyValueHeads,
    options.observer?.attention !== undefined,
  );
  const shared = { ...options, mask, cos, sin, batch, length };
  let x = options.tokenVectors ?? tokenVectors(config, weights, ids); // [B·T, D]
  for (let layer = 0; layer < config.layers; layer++) {
    const input = x;
    x = runBlock(weights, `model.layers.${layer}.`, input, options.recompute, (weight, x) =>
      block(config, weight, x, { ...shared, layer }),
    );
    options.observer?.block?.(layer, input, x);
  }
  return rmsNorm(x, weightOf(weights, 'model.norm.weight'), config.normEpsilon);
}

function block(config: LlamaConfig, weight: BlockWeights, x: Tensor, shared: Shared): Tensor {
  const attended = selfAttention(
    config,
    weight,
    rmsNorm(x, weight('input_layernorm.weight'), config.normEpsilon),
    shared,
  );
  const y = tf.add(x, attended);
  const fed = feedForward(
    weight,
    rmsNorm(y, weight('post_attention_layernorm.weight'), config.normEpsilon),
    shared,
  );
  return tf.add(y, fed); // [B·T, D]
}

function selfAttention(config: LlamaConfig, weight: BlockWeights, x: Tensor, shared: Shared): Tensor {
  const { precision, cos, sin, batch, length, mask, recompute, layer, observer } = shared;
  const project = (name: string, heads: number): Tensor =>
    linear(x, weight(`self_attn.${name}_proj.weight`), 'outIn', precision).reshape([
      batch,
      length,
      heads,
      config.headSize,
    ]);
  const q = rotate(project('q', config.heads), cos, sin); // [B, T, H, hd]
  const k = rotate(project('k', config.keyValueHeads), cos, sin); // [B, T, KV, hd]
  const v = project('v', config.keyValueHeads); // [B, T, KV, hd]
  const [keys, values] = withKept(layer, splitHeads(k), splitHeads(v), shared); // [B, KV, K, hd]
  const mixed = attention(groupQueries(q, config.keyValueHeads), keys, values, mask, {
    scale: 1 / Math.sqrt(config.headSize),
    precision,
    recompute: recompute === 'attention',
    onWeights: (weights) => observer?.attention?.(layer, weights),
  }); // [B, KV, G·T, hd]
  return linear(ungroupQueries(mixed, length), weight('self_attn.o_proj.weight'), 'outIn', precision); // [B·T, D]
}

function feedForward(weight: BlockWeights, x: Tensor, { precision }: Shared): Tensor {
  const gate = linear(x, weight('mlp.gate_proj.weight'), 'outIn', precision); // [B·T, F]
  const up = linear(x, weight('mlp.up_proj.weight'), 'outIn', precision); // [B·T, F]
  return activatedLinear(swiGlu, [gate, up], weight('mlp.down_proj.weight'), 'outIn', precision); // [B·T, D]
}
