import { validationLoss } from '../evaluate/validation-loss.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { RunContext } from './context.ts';
import { openModel } from './open-model.ts';
import type { OpenModel } from './open-model.ts';
import type { TrainingTokens } from './training-tokens.ts';
import { openValidationSplit } from './validation-split.ts';

/** The validation split as evaluations read it; undefined where there is none. To be closed. */
export async function openHeldOut(
  { train }: Pick<Recipe, 'train'>,
  tokens: TrainingTokens | undefined,
  { config }: OpenModel,
) {
  if (tokens?.validation === undefined) return undefined;
  return openValidationSplit(tokens.validation, {
    vocabularySize: config.vocabulary,
    sequenceLength: train?.sequenceLength ?? Math.min(1024, config.maxPositions),
    limit: train?.validationTokens,
  });
}

/**
 * The validation loss of a model in float32, as an evaluation computes it. `tokens` must have a validation split.
 * @param location a folder or file
 * @param label of the model, for people
 */
export async function heldOutLoss(
  recipe: Pick<Recipe, 'train' | 'device'>,
  { location, label }: { readonly location: string; readonly label: string },
  tokens: TrainingTokens,
  context: RunContext,
): ReturnType<typeof validationLoss> {
  const model = await openModel(location, context);
  const split = await openHeldOut(recipe, tokens, model);
  try {
    const { sequenceLength, count, windows } = split!;
    return await validationLoss({
      ...{ engine: await context.engine(recipe.device), config: model.config, checkpoint: model.checkpoint },
      ...{ precision: 'float32' as const, sequenceLength, count, windows },
      ...{ progress: context.progress, signal: context.signal, label: `validation loss of ${label}` },
    });
  } finally {
    await split?.close();
    await model.checkpoint.close();
  }
}
