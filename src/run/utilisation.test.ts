import { describe, expect, test } from 'vitest';
import type { EngineDevice } from '../engine/device.ts';
import { parseConfig } from '../model/config.ts';
import { parameterCount } from '../model/parameters.ts';
import type { TrainingShape } from '../train/training-program.ts';
import { gpuRateOf } from './device-rates.ts';
import { utilisationBasis } from './utilisation.ts';

const config = parseConfig(
  {
    ...{ model_type: 'llama', hidden_size: 64, intermediate_size: 176, vocab_size: 512 },
    ...{ num_hidden_layers: 4, num_attention_heads: 4, num_key_value_heads: 4, rms_norm_eps: 1e-5 },
    ...{ max_position_embeddings: 128, tie_word_embeddings: false, hidden_act: 'silu' },
  },
  'config.json',
);
const shape: TrainingShape = {
  ...{ config, sequenceLength: 128, microBatch: 2, accumulate: 3, precision: 'bfloat16' },
  optimizer: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 },
};
const a6000: EngineDevice = { kind: 'cuda', name: 'NVIDIA RTX A6000' };

describe('the basis of model FLOPs utilisation', () => {
  test("is PaLM's 6N + 12·L·H·Q·T a token, without the embedding table, which is looked up", () => {
    const products = parameterCount(config) - 512 * 64 - (2 * 4 + 1) * 64;
    const expected = 6 * products + 12 * 4 * 64 * 128;
    expect(utilisationBasis(shape, a6000)!.flopPerToken / expected).toBeCloseTo(1, 2);
  });

  test('does not count what recomputing adds', () => {
    expect(utilisationBasis({ ...shape, recompute: 'block' }, a6000)).toEqual(utilisationBasis(shape, a6000));
  });

  test('has the rate of the precision', () => {
    expect(utilisationBasis(shape, a6000)!.peakFlopPerSecond).toBe(154.8e12);
    expect(utilisationBasis({ ...shape, precision: 'float32' }, a6000)!.peakFlopPerSecond).toBe(77.4e12);
  });

  test('is not known on a CPU, whatever it is called, and on GPUs that are not in the table', () => {
    expect(utilisationBasis(shape, { kind: 'cpu', name: 'AMD EPYC x2' })).toBeUndefined();
    expect(utilisationBasis(shape, { kind: 'cuda', name: 'NVIDIA GPU 0' })).toBeUndefined();
  });
});

test.each([
  ['NVIDIA RTX A6000', 'a6000'],
  ['RTX A6000', 'a6000'],
  ['NVIDIA RTX 6000 Ada Generation', undefined],
  ['NVIDIA A100-SXM4-40GB', 'a100-40'],
  ['NVIDIA A100-PCIE-40GB', 'a100-40'],
  ['NVIDIA A100-SXM4-80GB', 'a100-80'],
  ['NVIDIA A100 80GB PCIe', 'a100-80'],
  ['NVIDIA H100 80GB HBM3', 'h100'],
  ['NVIDIA H100 PCIe', undefined],
  ['NVIDIA GeForce RTX 4090', '4090'],
  ['NVIDIA GeForce RTX 4090 Laptop GPU', undefined],
  ['NVIDIA GeForce RTX 4090 D', undefined],
])('%s is %s', (name, key) => {
  expect(gpuRateOf(name)?.key).toBe(key);
});
