import { join } from 'node:path';
import { chooseLayers } from '../inherit/choose-layers.ts';
import { layersBeforeScoring } from '../recipe/layer-selection.ts';
import type { Recipe } from '../recipe/schema.ts';
import { recipeHash } from '../recipe/recipe-hash.ts';
import type { RunContext } from './context.ts';
import { findMade } from './find-made.ts';
import { hashModel, hashTree } from './fingerprint.ts';
import type { OpenModel } from './open-model.ts';
import { openReference } from './open-reference.ts';
import { trainInto } from './run-models.ts';
import type { RunModel } from './run-models.ts';
import type { StageRunner } from './stage-record.ts';
import { trainingHash } from './train-stage.ts';
import type { TrainingTokens } from './training-tokens.ts';

const PLACE = 'reference';

/**
 * The reference with its weights: those that the recipe names, or an architecture that is first trained, into `reference/`.
 * @param opened from `openReference`; its weights are random where the recipe trains it first
 */
export async function referenceModel(
  recipe: Recipe,
  opened: OpenModel,
  tokens: TrainingTokens | undefined,
  stages: StageRunner,
  context: RunContext,
): Promise<RunModel> {
  const { checkpoint, config, location } = opened;
  const { reference, train } = recipe;
  const named = { key: 'reference', label: `reference (${config.layers} blocks)` } as const;
  if (!isTrainedFirst(recipe) || tokens === undefined || train === undefined)
    return { ...named, folder: location, fingerprint: await hashModel(location), made: undefined };
  const startFingerprint = recipeHash({ seed: reference.seed, files: await hashTree(location) });
  let folder = join(stages.folder, PLACE);
  const outFolder = folder;
  const made = await stages.take({
    name: 'train reference',
    inputs: () => ({ hash: trainingHash(train, tokens, startFingerprint, context.version) }),
    needs: [tokens.made],
    outputs: [`${PLACE}/config.json`, `${PLACE}/train.jsonl`],
    work: () =>
      trainInto(
        outFolder,
        { start: { checkpoint, config }, startFingerprint, section: train, tokens },
        recipe,
        context,
      ),
    find: async ({ fingerprint }) => {
      const place = { stage: 'train reference', place: PLACE };
      const found = await findMade(stages.folder, place, fingerprint, hashModel);
      folder = found ?? folder;
      return found;
    },
  });
  return {
    ...{ ...named, made },
    get folder() {
      return folder;
    },
    get fingerprint() {
      return made.result.fingerprint;
    },
  };
}

/**
 * The reference as the recipe names it: its architecture and tokenizer, and its weights unless they are trained first.
 * @throws InheritError `bad-layers` where the recipe takes blocks that it does not have, which training it must not come before
 */
export async function openNamedReference(
  { reference, ...recipe }: Recipe,
  context: RunContext,
): Promise<OpenModel> {
  const initialise = isTrainedFirst({ reference, ...recipe }) ? 'random' : 'pretrained';
  const opened = await openReference({ ...reference, initialise }, context);
  try {
    if (recipe.inherit !== undefined)
      chooseLayers(layersBeforeScoring(recipe.inherit.layers), opened.config.layers);
    return opened;
  } catch (cause) {
    await opened.checkpoint.close();
    throw cause;
  }
}

function isTrainedFirst({ reference, data, train }: Pick<Recipe, 'reference' | 'data' | 'train'>): boolean {
  return reference.initialise === 'random' && data !== undefined && train !== undefined;
}
