import { z } from 'zod';
import { rule, seedField } from './field-helpers.ts';

/** Tensors outside the blocks that may be copied as well. */
export const CARRIED_PARTS = ['embeddings', 'finalNorm', 'head'] as const;

/** Which part of the reference the small model starts from. */
export const inheritFields = z
  .strictObject({
    layers: z.union([z.int().min(1), z.array(z.int().min(0)).min(1)]).meta({
      description:
        'How many of the first blocks to copy, or the indices of the blocks (counted from 0). All blocks means continued training.',
    }),
    carry: z
      .array(z.enum(CARRIED_PARTS))
      .default([...CARRIED_PARTS])
      .meta({ description: 'What is copied besides the blocks; parts not named start from random weights.' }),
    seed: seedField('Seed of the random weights of parts that are not copied.'),
  })
  .check(
    rule(
      ({ layers }) => !Array.isArray(layers) || new Set(layers).size === layers.length,
      ['layers'],
      'inherit.layers names a block twice; name each block once.',
    ),
  )
  .meta({ description: 'Which part of the reference the small model starts from.' });
