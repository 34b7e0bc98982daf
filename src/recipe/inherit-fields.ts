import { z } from 'zod';
import { rule, seedField } from './field-helpers.ts';

/** Tensors outside the blocks that may be copied as well. */
export const CARRIED_PARTS = ['embeddings', 'finalNorm', 'head'] as const;

/** Scores by which blocks may be chosen. */
export const SELECTION_SCORES = ['block-influence', 'attention-rank'] as const;

const selectFields = z
  .strictObject({
    by: z.enum(SELECTION_SCORES).meta({
      description:
        'How much a block turns the residual stream (ShortGPT), or how many directions its attention has (Inheritune); [docs/inspect.md](inspect.md).',
    }),
    keep: z.int().min(1).meta({ description: 'How many blocks to copy.' }),
    text: z.string().min(1).meta({
      description:
        'The text that the scores are taken on: a `.txt` or `.jsonl` file, a folder of them, or a `.bin` file of token ids.',
    }),
    windows: z.int().min(1).default(100).meta({
      description: 'Windows of the text, from its beginning; fewer where it is shorter.',
    }),
    windowLength: z.int().min(2).default(100).meta({ description: 'Length of a window.', unit: 'tokens' }),
    contiguous: z.boolean().exactOptional().meta({
      description: 'Whether the blocks must follow one another.',
      defaultText: '`true` for attention-rank, `false` for block-influence',
    }),
  })
  .meta({
    description: 'Blocks with the highest scores of the reference on a text, in the order they have in it.',
  });

/** Which part of the reference the small model starts from. */
export const inheritFields = z
  .strictObject({
    layers: z
      .union([
        z.int().min(1),
        z.array(z.int().min(0)).min(1),
        z.strictObject({ select: selectFields }).meta({ description: 'Blocks chosen by a score.' }),
      ])
      .meta({
        description:
          'How many of the first blocks to copy, the indices of the blocks (counted from 0), or how to choose them. All blocks means continued training.',
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
