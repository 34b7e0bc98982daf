import { z } from 'zod';

export const GROW_BASELINES = ['scratch', 'stacking', 'halfWidth'] as const;

/** The paper's full-data setting: make the target deeper until it is as good as the reference. */
export const growFields = z
  .strictObject({
    step: z.int().min(1).default(2).meta({
      description: 'Blocks added in each round; the first round has `inherit.layers`.',
    }),
    rounds: z.int().min(1).default(4).meta({
      description: 'The most rounds; fewer where the target reaches the reference or its depth.',
    }),
    tolerance: z.number().min(0).default(0).meta({
      description: "How far above the reference's validation loss still counts as parity.",
      unit: 'nats',
    }),
    reinitialise: z.enum(['reference', 'continue']).default('reference').meta({
      description:
        "What a deeper target starts from: the reference's blocks again (what the paper's logs show), or the trained target with blocks of the reference behind.",
    }),
    baselines: z.array(z.enum(GROW_BASELINES)).default([]).meta({
      description:
        'Trained for comparison at the depth reached: the same size from random weights, half the depth trained and stacked twice, all blocks at half the width.',
    }),
  })
  .meta({
    description:
      'Repeats training with more and more blocks until the validation loss reaches that of the reference.',
  });
