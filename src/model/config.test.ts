import { describe, expect, test } from 'vitest';
import { parseConfig } from './config.ts';
import { parameterCount } from './parameters.ts';

const llama = {
  model_type: 'llama',
  hidden_size: 3200,
  intermediate_size: 8640,
  num_hidden_layers: 26,
  num_attention_heads: 32,
  vocab_size: 32000,
  rms_norm_eps: 1e-6,
};
const gpt2 = { model_type: 'gpt2', n_embd: 1024, n_layer: 24, n_head: 16 };

test('OpenLLaMA-3B has 3,426,473,600 parameters, and its first 13 blocks with embeddings, norm and head 1,815,638,400', () => {
  expect(parameterCount(parseConfig(llama, 'config.json'))).toBe(3_426_473_600);
  expect(parameterCount(parseConfig({ ...llama, num_hidden_layers: 13 }, 'config.json'))).toBe(1_815_638_400);
});

test('GPT-2 medium has the 354,823,168 parameters of the published checkpoint', () => {
  expect(parameterCount(parseConfig(gpt2, 'config.json'))).toBe(354_823_168);
});

test.each([
  [{ rope_theta: 500_000 }, 500_000],
  [{ rope_parameters: { rope_type: 'default', rope_theta: 500_000 } }, 500_000],
  [{ rope_scaling: null, rope_theta: 20_000 }, 20_000],
  [{}, 10_000],
])('reads the rotary base of %j', (fields, theta) => {
  expect(parseConfig({ ...llama, ...fields }, 'config.json')).toMatchObject({ ropeTheta: theta });
});

describe('refuses by name what would change the numbers', () => {
  test.each([
    [{ ...llama, rope_scaling: { rope_type: 'llama3', factor: 8 } }, 'rope_type is "llama3"'],
    [{ ...llama, rope_parameters: { rope_type: 'yarn' } }, 'rope_type is "yarn"'],
    [{ ...llama, sliding_window: 4096 }, 'sliding_window (4096)'],
    [{ ...llama, attention_bias: true }, 'attention_bias is true'],
    [{ ...llama, hidden_act: 'gelu' }, 'hidden_act is "gelu"'],
    [{ ...llama, logit_scale: 0.1 }, 'logit_scale (0.1)'],
    [{ ...llama, num_key_value_heads: 5 }, 'num_key_value_heads is 5'],
    [{ ...gpt2, activation_function: 'relu' }, 'activation_function is "relu"'],
    [{ ...gpt2, scale_attn_weights: false }, 'scale_attn_weights is false'],
    [{ ...gpt2, n_head: 7 }, 'n_head is 7'],
    [{ model_type: 'mistral' }, 'model_type is "mistral"'],
    [{ ...llama, hidden_size: '3200' }, 'hidden_size is "3200"'],
    [{ ...llama, num_hidden_layers: undefined }, 'num_hidden_layers is missing'],
  ])('%j', (config, message) => {
    expect(() => parseConfig(config, 'config.json')).toThrow(message);
  });

  test('but not bookkeeping, or what is switched off', () => {
    const harmless = {
      ...llama,
      architectures: ['LlamaForCausalLM'],
      sliding_window: null,
      use_cache: true,
      _name: 'x',
    };
    expect(parseConfig(harmless, 'config.json').family).toBe('llama');
  });
});
