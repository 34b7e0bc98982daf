import { z } from 'zod';
import { hash, lossPoint, number, training, wholeNumber } from './record-fields.ts';

const grownModel = z.looseObject({
  /** Also names its folder. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ]{0,99}$/),
  role: z.enum(['reference', 'target', 'baseline']),
  blocks: wholeNumber.min(1),
  parameters: wholeNumber,
  initialisation: z.string(),
  steps: wholeNumber.nullable(),
  lossNats: number,
  weights: hash,
});

/** What a growing run came to, as its `results.json` has it. */
export const growthSummary = z.looseObject({
  parity: z.boolean(),
  tolerance: number.min(0),
  validationTokens: wholeNumber,
  validationHash: hash.nullable(),
  models: models(grownModel),
});

/** The same in a run record, with how each model was trained; null for a reference that came with its weights. */
export const growth = growthSummary.extend({
  models: models(
    grownModel.extend({
      training: training.nullable(),
      /** Training loss (nats) at steps 1, 10 and the last. */
      lossAtSteps: z.array(lossPoint),
    }),
  ),
});

/** The reference and at least one target: without them nothing was grown. */
function models<T extends typeof grownModel>(model: T): z.ZodArray<T> {
  return z
    .array(model)
    .refine(
      (all) => ['reference', 'target'].every((role) => all.some((one) => one.role === role)),
      'has no reference or no target',
    );
}
