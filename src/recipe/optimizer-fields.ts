import { z } from 'zod';
import { rule } from './field-helpers.ts';

/** The paper's final learning rate for its 3e-4 peak. */
const DEFAULT_MIN_LEARNING_RATE = 3e-5;

const beta = z.number().min(0).lt(1);

/**
 * AdamW. Step s (from 0) uses peak*(s+1)/warmup while s < warmup and the schedule afterwards,
 * so that a warm-up at least as long as the training is defined: only the rising part is used.
 */
export const optimizerFields = z
  .strictObject({
    learningRate: z
      .number()
      .positive()
      .default(3e-4)
      .meta({ description: 'Peak, reached after the warm-up.' }),
    minLearningRate: z.number().min(0).exactOptional().meta({
      description: 'Where the schedule ends.',
      defaultText: '0.00003, or `learningRate` where that is lower',
    }),
    warmupSteps: z.int().min(0).default(1000).meta({
      description:
        'Linear rise to the peak. May exceed the length of the training, which then never reaches the peak.',
      unit: 'optimizer steps',
    }),
    schedule: z
      .enum(['cosine', 'linear', 'constant'])
      .default('cosine')
      .meta({ description: 'Way from the peak to `minLearningRate`; `constant` stays at the peak.' }),
    weightDecay: z
      .number()
      .min(0)
      .default(0.1)
      .meta({ description: 'Decoupled decay, on tensors with two or more dimensions only.' }),
    betas: z
      .tuple([beta, beta])
      .default([0.9, 0.95])
      .meta({ description: 'Decay of the running mean and of the running mean square of the gradient.' }),
    epsilon: z
      .number()
      .positive()
      .default(1e-8)
      .meta({ description: 'Added to the root of the mean square.' }),
    clipNorm: z
      .number()
      .min(0)
      .nullable()
      .default(1)
      .transform((norm) => norm ?? 0)
      .meta({ description: 'Largest global norm of the gradient; 0 or null does not clip.' }),
  })
  .check(
    rule(
      ({ learningRate, minLearningRate }) => !(Number(minLearningRate) > Number(learningRate)),
      ['minLearningRate'],
      'train.optimizer.minLearningRate is above learningRate; lower it, or raise learningRate.',
    ),
  )
  .transform(({ minLearningRate, ...rest }) => ({
    ...rest,
    minLearningRate: minLearningRate ?? Math.min(DEFAULT_MIN_LEARNING_RATE, rest.learningRate),
  }));
