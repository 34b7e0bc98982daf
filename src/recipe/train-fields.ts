import { z } from 'zod';
import { rule, seedField } from './field-helpers.ts';
import { POLICIES } from '../train/policy.ts';
import { optimizerFields } from './optimizer-fields.ts';

/** The fields of which exactly one says how long to train. */
export const TRAIN_LENGTHS = ['steps', 'tokens', 'epochs'] as const;

const policy = z.enum(POLICIES);

/** How the small model is trained. */
export const trainFields = z
  .strictObject({
    sequenceLength: z.int().min(1).default(2048).meta({ description: 'Context length.', unit: 'tokens' }),
    microBatch: z.int().min(1).default(1).meta({ description: 'Sequences per micro-batch.' }),
    accumulate: z
      .int()
      .min(1)
      .default(8)
      .meta({ description: 'Micro-batches whose gradients are averaged into one optimizer step.' }),
    steps: z.int().min(1).exactOptional().meta({
      description: 'Length of the training. Or `tokens`, or `epochs`.',
      unit: 'optimizer steps',
      defaultText: 'one of the three must be given',
    }),
    tokens: z.int().min(1).exactOptional().meta({
      description: 'Length of the training. Or `steps`, or `epochs`.',
      unit: 'tokens',
      defaultText: 'one of the three must be given',
    }),
    epochs: z.number().positive().exactOptional().meta({
      description: 'Length of the training. Or `steps`, or `tokens`.',
      unit: 'passes over the data',
      defaultText: 'one of the three must be given',
    }),
    order: z.enum(['shuffled', 'sequential']).default('shuffled').meta({
      description: '`sequential` takes the windows in file order, micro-batch after micro-batch.',
    }),
    seed: seedField('Seed of the shuffle and of random initial weights.'),
    initialise: z.enum(['inherited', 'random']).default('inherited').meta({
      description: '`random` trains the same shape from scratch: the baseline to compare with.',
    }),
    optimizer: optimizerFields.prefault({}).meta({ description: 'AdamW and its learning rate.' }),
    recompute: z.enum(['none', 'attention', 'block']).default('none').meta({
      description:
        'What is computed again for the gradient instead of being kept: less memory for some time. `block` keeps one value a block.',
    }),
    precision: z.enum(['bfloat16', 'float32']).default('bfloat16').meta({
      description: 'What matrix products are computed in; weights and optimizer state are always float32.',
    }),
    checkpointEvery: z.int().min(0).default(500).meta({
      description: 'Distance between checkpoints; 0 writes one at the end only.',
      unit: 'optimizer steps',
    }),
    keepCheckpoints: z
      .int()
      .min(1)
      .default(2)
      .meta({ description: 'How many of the newest checkpoints stay on disk.' }),
    keepBest: z.boolean().default(true).meta({
      description:
        'Keeps the model with the lowest validation loss in `best/` beside the last one; needs `validateEvery` above 0.',
    }),
    onNonFinite: policy.default('stop').meta({
      description:
        'When a loss or gradient is not finite: `stop` ends the run, `skip` goes back to the last checkpoint and leaves this update out, `reload` goes back and takes the batches behind the bad one.',
    }),
    spike: z
      .strictObject({
        factor: z.number().gt(1).default(2).meta({
          description: 'A loss above this many times the median of the losses before it is a spike.',
        }),
        window: z.int().min(2).max(10_000).default(50).meta({
          description: 'How many losses the median is taken of; earlier steps are not judged.',
          unit: 'optimizer steps',
        }),
        action: policy.exactOptional().meta({
          description: 'What to do, in the words of `train.onNonFinite`.',
          defaultText: '`train.onNonFinite`',
        }),
      })
      .exactOptional()
      .meta({ description: 'What counts as a loss spike; without it none does.' }),
    validateEvery: z.int().min(0).default(0).meta({
      description: 'Distance between validation losses; 0 computes one at the end only.',
      unit: 'optimizer steps',
    }),
    validationTokens: z.int().min(1).exactOptional().meta({
      description: 'How much of the validation data each validation loss reads.',
      unit: 'tokens',
      defaultText: 'all of it',
    }),
    logEvery: z.int().min(1).default(10).meta({
      description: 'Distance between updates of the displayed loss. `train.jsonl` has every step regardless.',
      unit: 'optimizer steps',
    }),
  })
  .check(
    rule(
      (train) => TRAIN_LENGTHS.filter((name) => train[name] !== undefined).length === 1,
      [],
      'train needs exactly one of steps, tokens and epochs; keep the one that says how long to train.',
    ),
  )
  .meta({
    description: 'How the small model is trained.',
    oneOf: TRAIN_LENGTHS.map((name) => ({ required: [name] })),
  });
