import { chooseLayers } from '../inherit/choose-layers.ts';
import { familyOf, layerCount } from '../inherit/family.ts';
import { shortenConfig } from '../inherit/shorten-config.ts';
import { parseConfig } from '../model/config.ts';
import { layersBeforeScoring } from '../recipe/layer-selection.ts';
import type { RecipeWith } from '../recipe/required-sections.ts';
import type { RunContext } from './context.ts';
import { readModelConfig } from './model-config.ts';
import type { PlannedShape } from './training-cost.ts';

/** The training step that a recipe asks for, from the config of its reference alone; `configSource` says where that was found. */
export async function plannedShape(
  recipe: RecipeWith<'inherit' | 'train'>,
  context: RunContext,
): Promise<{ readonly shape: PlannedShape; readonly configSource: string }> {
  const { config: whole, source: configSource } = await readModelConfig(recipe.reference.model, context);
  const kept = chooseLayers(layersBeforeScoring(recipe.inherit.layers), layerCount(whole, familyOf(whole)));
  const config = parseConfig(shortenConfig(whole, kept), configSource);
  const { sequenceLength, microBatch, accumulate, optimizer, precision, recompute } = recipe.train;
  return {
    shape: { config, sequenceLength, microBatch, accumulate, optimizer, precision, recompute },
    configSource,
  };
}
