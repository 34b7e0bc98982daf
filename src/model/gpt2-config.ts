import type { Gpt2Config } from './config.ts';
import { ConfigFields } from './config-fields.ts';

/** `GPT2Config` of transformers, whose defaults are those of the 124M model. */
export function parseGpt2Config(json: Readonly<Record<string, unknown>>, source: string): Gpt2Config {
  const fields = new ConfigFields(json, source);
  const hidden = fields.count('n_embd', 768);
  const heads = fields.count('n_head', 12);
  if (hidden % heads !== 0) throw fields.error('n_head', heads, `a divisor of n_embd (${hidden})`);
  fields.only('activation_function', 'gelu_new', 'gelu_pytorch_tanh');
  fields.only('scale_attn_weights', true);
  fields.only('add_cross_attention', false);
  // Old configs repeat the context length under this name.
  fields.only('n_ctx', json['n_positions']);
  const config: Gpt2Config = {
    family: 'gpt2',
    layers: fields.count('n_layer', 12),
    hidden,
    heads,
    keyValueHeads: heads,
    headSize: hidden / heads,
    feedForward: fields.count('n_inner', 4 * hidden),
    vocabulary: fields.count('vocab_size', 50257),
    maxPositions: fields.count('n_positions', 1024),
    normEpsilon: fields.positive('layer_norm_epsilon', 1e-5),
    tiedHead: fields.flag('tie_word_embeddings', true),
    scaleByInverseLayer: fields.flag('scale_attn_by_inverse_layer_idx', false),
  };
  fields.refuseRest();
  return config;
}
