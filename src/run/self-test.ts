import type { Engine } from '../engine/load.ts';
import type { Precision } from '../graph/ops.ts';
import { randomCheckpoint } from '../inherit/composed-checkpoint.ts';
import { parseConfig } from '../model/config.ts';
import { silentProgress } from '../progress.ts';
import { TrainingSession } from '../train/training-session.ts';
import type { Batch, StepResult } from '../train/training-session.ts';

/** What became of the small training. `largest`: relative difference from the stored numbers. */
export type SelfTestResult =
  | { readonly state: 'correct'; readonly precision: Precision; readonly largest: number }
  | {
      readonly state: 'wrong';
      readonly precision: Precision;
      readonly what: string;
      readonly value: number;
      readonly stored: number;
    }
  | { readonly state: 'failed'; readonly precision: Precision; readonly reason: string };

const SEQUENCE = 32;
const VOCABULARY = 512;

/** Everything a LLaMA step has: grouped queries, rotary embeddings, an untied head. Wide enough for vectorised kernels. */
const CONFIG = {
  ...{ model_type: 'llama', architectures: ['LlamaForCausalLM'], hidden_act: 'silu', rms_norm_eps: 1e-5 },
  ...{ hidden_size: 64, intermediate_size: 176, num_hidden_layers: 2, max_position_embeddings: 64 },
  ...{ num_attention_heads: 4, num_key_value_heads: 2, vocab_size: VOCABULARY, rope_theta: 10_000 },
  ...{ tie_word_embeddings: false },
  // Far wider than in training: with small weights every loss is that of guessing, whatever is computed.
  initializer_range: 0.15,
};
const SEED = 20_240_412;
const LEARNING_RATE = 1e-2;

/**
 * Loss and gradient norm of three AdamW steps in float32 on a CPU; from `src/run/self-test.test.ts`, which holds every change of the
 * engine to them. Weights come from the seeded initialiser, whose numbers are the same on every machine.
 */
export const STORED: readonly StepResult[] = [
  { lossNats: 6.820665, gradientNorm: 3.95345 },
  { lossNats: 6.88511, gradientNorm: 3.830174 },
  { lossNats: 6.395197, gradientNorm: 3.562068 },
];

/**
 * Relative differences that are no fault. On a GPU float32 products are TF32's (10 bits), bfloat16 has 7 bits; what a wrong
 * kernel, driver or card gives is off by far more.
 */
const TOLERANCE: Readonly<Record<Precision, { readonly lossNats: number; readonly gradientNorm: number }>> = {
  float32: { lossNats: 2e-3, gradientNorm: 1e-2 },
  bfloat16: { lossNats: 2e-2, gradientNorm: 1e-1 },
};

/**
 * Trains a tiny model for three steps on the engine's device and compares with stored numbers: forward, backward and update with
 * everything that a long run will use. Takes a second or two. Never throws for what the engine does.
 */
export async function selfTest(
  engine: Engine,
  precision: Precision,
  stored: readonly StepResult[] = STORED,
): Promise<SelfTestResult> {
  let results: StepResult[];
  try {
    results = await trainedSteps(engine, precision, stored.length);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    return { state: 'failed', precision, reason };
  }
  let largest = 0;
  for (const [step, result] of results.entries())
    for (const [field, name] of FIELDS) {
      const [value, expected] = [result[field], stored[step]![field]];
      const difference = Math.abs(value / expected - 1);
      // A value that is no number is above no tolerance.
      if (!(difference <= TOLERANCE[precision][field]))
        return { state: 'wrong', precision, what: `${name} of step ${step + 1}`, value, stored: expected };
      largest = Math.max(largest, difference);
    }
  return { state: 'correct', precision, largest };
}

const FIELDS = [
  ['lossNats', 'the loss'],
  ['gradientNorm', 'the gradient norm'],
] as const;

async function trainedSteps(engine: Engine, precision: Precision, steps: number): Promise<StepResult[]> {
  const checkpoint = randomCheckpoint(CONFIG, SEED);
  const session = await TrainingSession.open(engine, {
    ...{
      config: parseConfig(CONFIG, 'the self-test'),
      sequenceLength: SEQUENCE,
      microBatch: 2,
      accumulate: 2,
    },
    ...{ precision, recompute: 'attention' },
    optimizer: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 },
  });
  try {
    await session.start(checkpoint, silentProgress);
    const results: StepResult[] = [];
    for (let step = 0; step < steps; step++)
      results.push(
        await session.step(step, LEARNING_RATE, (micro) => Promise.resolve(batchOf(2 * step + micro))),
      );
    return results;
  } finally {
    session.close();
  }
}

/** Two sequences of ids that differ in every batch. */
function batchOf(number: number): Batch {
  const id = (i: number): number => (i * 37 + number * 101 + (i % 7) * 53) % VOCABULARY;
  const inputs = Int32Array.from({ length: 2 * SEQUENCE }, (_, i) => id(i));
  return { inputs, targets: inputs.map((_, i) => id(i + 1)) };
}
