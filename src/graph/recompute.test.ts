import { expect, test } from 'vitest';
import { measureActivations, stepDifference } from '../../benchmarks/recompute/activation-memory.ts';
import { parseConfig } from '../model/config.ts';
import type { TrainingShape } from '../train/training-program.ts';

const deep: TrainingShape = {
  config: parseConfig(
    {
      ...{ model_type: 'llama', num_hidden_layers: 24, hidden_size: 128, vocab_size: 512 },
      ...{ intermediate_size: 344, num_attention_heads: 4, num_key_value_heads: 2 },
    },
    'test',
  ),
  ...{ sequenceLength: 256, microBatch: 4, accumulate: 1, precision: 'float32' },
  optimizer: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 },
};

// Four processes: about 40 s on two free cores.
test(
  'recomputing 24 blocks takes at least three times less activation memory, measured, for the same numbers',
  { timeout: 400_000 },
  async () => {
    const kept = await measureActivations(deep, 'none');
    const block = await measureActivations(deep, 'block');
    expect(kept.activationBytes).toBeGreaterThan(200e6);
    expect(kept.activationBytes / block.activationBytes).toBeGreaterThan(3);
    expect(stepDifference(block.steps, kept.steps)).toBeLessThan(1e-6);
  },
);
