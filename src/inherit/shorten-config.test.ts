import { describe, expect, it } from 'vitest';
import { shortenConfig } from './shorten-config.ts';

const CONFIG = { model_type: 'llama', num_hidden_layers: 4, hidden_size: 8 };

describe('shortenConfig', () => {
  it('cuts the block count and every list with one entry per block to the same blocks', () => {
    const config = {
      ...CONFIG,
      layer_types: ['full', 'sliding', 'full', 'sliding'],
      no_rope_layers: [1, 1, 1, 0],
      max_window_layers: 2,
    };
    expect(shortenConfig(config, [0, 3])).toEqual({
      ...CONFIG,
      num_hidden_layers: 2,
      layer_types: ['full', 'sliding'],
      no_rope_layers: [1, 0],
      max_window_layers: 1,
    });
  });

  it('renumbers the pruned heads of a GPT-2', () => {
    const config = { model_type: 'gpt2', n_layer: 3, pruned_heads: { 0: [1], 2: [0, 5] } };
    expect(shortenConfig(config, [2])).toEqual({
      model_type: 'gpt2',
      n_layer: 1,
      pruned_heads: { 0: [0, 5] },
    });
  });

  it('refuses an unknown list as long as the model', () => {
    expect(() => shortenConfig({ ...CONFIG, gate_widths: [1, 2, 3, 4] }, [0])).toThrow(
      'gate_widths is a list of 4 entries, as many as there are blocks',
    );
  });

  it('leaves lists of another length and lists that have nothing to do with blocks', () => {
    const config = {
      ...CONFIG,
      num_hidden_layers: 1,
      architectures: ['LlamaForCausalLM'],
      eos_token_id: [2],
      odd: [1, 2],
    };
    expect(shortenConfig(config, [0])).toEqual(config);
  });

  it('refuses a per-block list of the wrong length', () => {
    expect(() => shortenConfig({ ...CONFIG, layer_types: ['full'] }, [0])).toThrow(
      'layer_types has 1 entries for 4 blocks',
    );
  });
});
