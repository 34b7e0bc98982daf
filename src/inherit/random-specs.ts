import type { TensorSpec } from '../weights/checkpoint.ts';
import { InheritError } from './errors.ts';
import { familyOf, isTied, layerCount } from './family.ts';
import type { Config } from './family.ts';

/**
 * Names and shapes of every tensor that transformers' `LlamaForCausalLM` or `GPT2LMHeadModel` has for `config`, as F32.
 * GPT-2's linear weights are Conv1D: [in, out]; LLaMA's are [out, in].
 */
export function architectureSpecs(config: Config): TensorSpec[] {
  const family = familyOf(config);
  const blocks = layerCount(config, family);
  return family.name === 'llama'
    ? llamaSpecs(config, blocks, isTied(config, family))
    : gpt2Specs(config, blocks, isTied(config, family));
}

function llamaSpecs(config: Config, blocks: number, tied: boolean): TensorSpec[] {
  const hidden = size(config, 'hidden_size');
  const inner = size(config, 'intermediate_size');
  const vocabulary = size(config, 'vocab_size');
  const heads = size(config, 'num_attention_heads');
  const keyHeads = size(config, 'num_key_value_heads', heads);
  const headSize = size(config, 'head_dim', hidden / heads);
  const linear = (name: string, out: number, input: number, bias: boolean): TensorSpec[] => [
    f32(`${name}.weight`, [out, input]),
    ...(bias ? [f32(`${name}.bias`, [out])] : []),
  ];
  const attentionBias = config['attention_bias'] === true;
  const mlpBias = config['mlp_bias'] === true;

  const specs = [f32('model.embed_tokens.weight', [vocabulary, hidden])];
  for (let index = 0; index < blocks; index++) {
    const block = `model.layers.${index}`;
    specs.push(
      f32(`${block}.input_layernorm.weight`, [hidden]),
      ...linear(`${block}.self_attn.q_proj`, heads * headSize, hidden, attentionBias),
      ...linear(`${block}.self_attn.k_proj`, keyHeads * headSize, hidden, attentionBias),
      ...linear(`${block}.self_attn.v_proj`, keyHeads * headSize, hidden, attentionBias),
      ...linear(`${block}.self_attn.o_proj`, hidden, heads * headSize, attentionBias),
      f32(`${block}.post_attention_layernorm.weight`, [hidden]),
      ...linear(`${block}.mlp.gate_proj`, inner, hidden, mlpBias),
      ...linear(`${block}.mlp.up_proj`, inner, hidden, mlpBias),
      ...linear(`${block}.mlp.down_proj`, hidden, inner, mlpBias),
    );
  }
  specs.push(f32('model.norm.weight', [hidden]));
  if (!tied) specs.push(f32('lm_head.weight', [vocabulary, hidden]));
  return specs;
}

function gpt2Specs(config: Config, blocks: number, tied: boolean): TensorSpec[] {
  const hidden = size(config, 'n_embd');
  const inner = size(config, 'n_inner', 4 * hidden);
  const vocabulary = size(config, 'vocab_size');
  const conv1d = (name: string, input: number, out: number): TensorSpec[] => [
    f32(`${name}.weight`, [input, out]),
    f32(`${name}.bias`, [out]),
  ];
  const norm = (name: string): TensorSpec[] => [
    f32(`${name}.weight`, [hidden]),
    f32(`${name}.bias`, [hidden]),
  ];

  const specs = [
    f32('transformer.wte.weight', [vocabulary, hidden]),
    f32('transformer.wpe.weight', [size(config, 'n_positions'), hidden]),
  ];
  for (let index = 0; index < blocks; index++) {
    const block = `transformer.h.${index}`;
    specs.push(
      ...norm(`${block}.ln_1`),
      ...conv1d(`${block}.attn.c_attn`, hidden, 3 * hidden),
      ...conv1d(`${block}.attn.c_proj`, hidden, hidden),
      ...norm(`${block}.ln_2`),
      ...conv1d(`${block}.mlp.c_fc`, hidden, inner),
      ...conv1d(`${block}.mlp.c_proj`, inner, hidden),
    );
  }
  specs.push(...norm('transformer.ln_f'));
  if (!tied) specs.push(f32('lm_head.weight', [vocabulary, hidden]));
  return specs;
}

function f32(name: string, shape: readonly number[]): TensorSpec {
  return { name, dtype: 'F32', shape };
}

function size(config: Config, field: string, fallback?: number): number {
  const value = config[field] ?? fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw new InheritError(
    'bad-config',
    `config.json: ${field} is ${JSON.stringify(value ?? null)}, not a positive integer. Correct the config.json.`,
  );
}
