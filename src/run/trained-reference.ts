import { join } from 'node:path';
import type { Recipe } from '../recipe/schema.ts';
import { recipeHash } from '../recipe/recipe-hash.ts';
import type { RunContext } from './context.ts';
import { hashModel, hashTree } from './fingerprint.ts';
import { openModel } from './open-model.ts';
import type { OpenModel } from './open-model.ts';
import { openReference } from './open-reference.ts';
import type { StageRunner } from './stage-record.ts';
import { trainStage, trainingHash } from './train-stage.ts';
import { trainingTokens } from './training-tokens.ts';

const PLACE = 'reference';

/** The reference with its weights: those that the recipe names, or an architecture that is first trained, into `reference/`. */
export async function trainedReference(
  recipe: Recipe,
  stages: StageRunner,
  context: RunContext,
): Promise<OpenModel> {
  const { reference, data, train } = recipe;
  if (reference.initialise === 'pretrained' || data === undefined || train === undefined)
    return openModel(reference.model, context);
  const { checkpoint, config, location } = await openReference(reference, context);
  const tokens = await trainingTokens(data, train, checkpoint, stages, context);
  const startFingerprint = recipeHash({ seed: reference.seed, files: await hashTree(location) });
  await stages.run({
    name: 'train reference',
    inputs: { hash: trainingHash(train, tokens, startFingerprint, context.version) },
    outputs: [`${PLACE}/config.json`, `${PLACE}/train.jsonl`],
    work: async () => {
      const outFolder = join(stages.folder, PLACE);
      const start = { checkpoint, config };
      const engine = () => context.engine(recipe.device);
      const outcome = await trainStage(
        {
          start,
          startFingerprint,
          section: train,
          tokens,
          engine,
          outFolder,
          resume: true,
          onForeign: 'startOver',
        },
        context,
      );
      return { steps: outcome.steps, fingerprint: await hashModel(outFolder) };
    },
  });
  return openModel(join(stages.folder, PLACE), context);
}
