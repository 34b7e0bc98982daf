import type { LlamaConfig } from './config.ts';
import { ConfigFields } from './config-fields.ts';

/** Transformers' defaults for a LLaMA config that leaves the field out. */
const DEFAULT_ROPE_THETA = 10_000;
const DEFAULT_MAX_POSITIONS = 2048;

/** `LlamaConfig` of transformers, in both spellings of the rotary settings (`rope_theta`, and since v5 `rope_parameters`). */
export function parseLlamaConfig(json: Readonly<Record<string, unknown>>, source: string): LlamaConfig {
  const fields = new ConfigFields(json, source);
  const hidden = fields.count('hidden_size');
  const heads = fields.count('num_attention_heads');
  const keyValueHeads = fields.count('num_key_value_heads', heads);
  const headSize = fields.count('head_dim', hidden / heads);
  if (heads % keyValueHeads !== 0) {
    throw fields.error('num_key_value_heads', keyValueHeads, `a divisor of num_attention_heads (${heads})`);
  }
  if (headSize % 2 !== 0) throw fields.error('head_dim', headSize, 'even, for rotary embeddings');
  fields.only('hidden_act', 'silu', 'swish');
  fields.only('attention_bias', false);
  fields.only('mlp_bias', false);
  const config: LlamaConfig = {
    family: 'llama',
    layers: fields.count('num_hidden_layers'),
    hidden,
    heads,
    keyValueHeads,
    headSize,
    feedForward: fields.count('intermediate_size'),
    vocabulary: fields.count('vocab_size'),
    maxPositions: fields.count('max_position_embeddings', DEFAULT_MAX_POSITIONS),
    normEpsilon: fields.positive('rms_norm_eps', 1e-6),
    tiedHead: fields.flag('tie_word_embeddings', false),
    ropeTheta: ropeTheta(fields, source),
  };
  fields.refuseRest();
  return config;
}

function ropeTheta(fields: ConfigFields, source: string): number {
  const outer = fields.positive('rope_theta', DEFAULT_ROPE_THETA);
  for (const name of ['rope_scaling', 'rope_parameters']) {
    const settings = fields.object(name);
    if (settings === undefined) continue;
    const inner = new ConfigFields(settings, `${source}: ${name}`);
    inner.only('rope_type', 'default');
    inner.only('type', 'default');
    inner.only('partial_rotary_factor', 1);
    const theta = inner.positive('rope_theta', outer);
    inner.refuseRest();
    if (name === 'rope_parameters') return theta;
  }
  return outer;
}
