import type { Recompute } from '../../src/model/decoder.ts';
import { parseConfig } from '../../src/model/config.ts';
import type { TrainingShape } from '../../src/train/training-program.ts';

/** A training step whose memory is predicted and measured. */
export interface PlanCase {
  readonly name: string;
  readonly shape: TrainingShape;
}

interface Sizes {
  readonly length: number;
  readonly batch?: number;
  readonly accumulate?: number;
  readonly recompute?: Recompute;
}

const optimizer = { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 } as const;

/** Small enough for minutes on two cores, and as different as steps get. */
export const PLAN_CASES: readonly PlanCase[] = [
  planCase('LLaMA 8 × 384, GQA 6/2, tied', llama(8, 384, { keyValueHeads: 2, tied: true }), { length: 256 }),
  ...(['none', 'attention', 'block'] as const).map((recompute) =>
    planCase('LLaMA 8 × 384, untied', llama(8, 384), { length: 512, recompute }),
  ),
  ...(['none', 'attention', 'block'] as const).map((recompute) =>
    planCase('LLaMA 24 × 192, untied', llama(24, 192), { length: 512, batch: 2, recompute }),
  ),
  planCase('GPT-2 8 × 384, tied', gpt2(8, 384), { length: 256, batch: 2 }),
  planCase('GPT-2 8 × 384, tied', gpt2(8, 384), {
    ...{ length: 256, batch: 4, accumulate: 2, recompute: 'block' },
  }),
  planCase(
    'LLaMA 15 × 576, GQA 9/3, tied',
    llama(15, 576, { keyValueHeads: 3, tied: true, vocabulary: 49152 }),
    {
      length: 512,
    },
  ),
];

function planCase(name: string, config: Readonly<Record<string, unknown>>, sizes: Sizes): PlanCase {
  const { length, batch = 1, accumulate = 1, recompute = 'none' } = sizes;
  const details = [`${batch} × ${length}`, ...(accumulate > 1 ? [`accumulate ${accumulate}`] : [])];
  if (recompute !== 'none') details.push(`recompute ${recompute}`);
  return {
    name: [name, ...details].join(', '),
    shape: {
      ...{ config: parseConfig(config, name), sequenceLength: length, microBatch: batch, accumulate },
      ...{ precision: 'float32', optimizer, recompute },
    },
  };
}

function llama(
  layers: number,
  hidden: number,
  { keyValueHeads = hidden / 64, tied = false, vocabulary = 8192 } = {},
): Record<string, unknown> {
  return {
    ...{ model_type: 'llama', num_hidden_layers: layers, hidden_size: hidden, vocab_size: vocabulary },
    ...{ intermediate_size: Math.round((hidden * 8) / 3), num_attention_heads: hidden / 64 },
    ...{ num_key_value_heads: keyValueHeads, tie_word_embeddings: tied },
  };
}

function gpt2(layers: number, hidden: number): Record<string, unknown> {
  return {
    ...{ model_type: 'gpt2', n_layer: layers, n_embd: hidden, n_head: hidden / 64 },
    ...{ vocab_size: 8192, n_positions: 512 },
  };
}
