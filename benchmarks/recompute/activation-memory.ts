import { parseConfig } from '../../src/model/config.ts';
import type { Recompute } from '../../src/model/decoder.ts';
import type { TrainingShape } from '../../src/train/training-program.ts';
import type { StepResult } from '../../src/train/training-session.ts';
import type { PlanCase } from '../plan/cases.ts';
import { measureStep } from '../plan/step-memory.ts';

export interface ActivationMemory {
  readonly recompute: Recompute;
  /**
   * Largest resident set of a process that takes steps of the shape, less that of one whose steps are of a single sequence of
   * `FEW_TOKENS` tokens: the same graph, weights, moments and gradients without activations to speak of.
   */
  readonly activationBytes: number;
  readonly steps: readonly StepResult[];
}

const FEW_TOKENS = 8;

/** The model of the requirement: activations are nearly all that a step of it holds. */
export const DEEP_NARROW: PlanCase = {
  name: 'LLaMA 24 × 128, GQA 4/2, untied, 8 × 256',
  shape: {
    config: parseConfig(
      {
        ...{ model_type: 'llama', num_hidden_layers: 24, hidden_size: 128, vocab_size: 512 },
        ...{ intermediate_size: 344, num_attention_heads: 4, num_key_value_heads: 2 },
      },
      'the deep narrow model',
    ),
    ...{ sequenceLength: 256, microBatch: 8, accumulate: 1, precision: 'float32' },
    optimizer: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 },
  },
};

/** Measures what the activations of a training step take; two processes (Linux). */
export async function measureActivations(
  shape: TrainingShape,
  recompute: Recompute,
): Promise<ActivationMemory> {
  const { grownBytes, steps } = await measureStep({ ...shape, recompute });
  const few = await measureStep({ ...shape, recompute, microBatch: 1, sequenceLength: FEW_TOKENS });
  return { recompute, activationBytes: grownBytes - few.grownBytes, steps };
}

/** Largest relative difference of losses and gradient norms of the same steps. */
export function stepDifference(a: readonly StepResult[], b: readonly StepResult[]): number {
  const differences = a.flatMap((step, i) => [
    Math.abs(step.lossNats / b[i]!.lossNats - 1),
    Math.abs(step.gradientNorm / b[i]!.gradientNorm - 1),
  ]);
  return Math.max(...differences);
}
