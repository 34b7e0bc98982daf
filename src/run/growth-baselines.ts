import { chooseLayers } from '../inherit/choose-layers.ts';
import {
  configWithBlocks,
  halfWidthConfig,
  randomCheckpoint,
  stackedCheckpoint,
} from '../inherit/composed-checkpoint.ts';
import { familyOf, layerCount } from '../inherit/family.ts';
import type { Config } from '../inherit/family.ts';
import { recipeHash } from '../recipe/recipe-hash.ts';
import type { RecipeWith } from '../recipe/required-sections.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import type { RunContext } from './context.ts';
import type { GrownModel } from './growth-report.ts';
import type { MeasuredModel, MeasuredTraining } from './measured-training.ts';
import { openModel } from './open-model.ts';

/**
 * What can be said before days of training: that there are as many blocks as the first round takes, and that the config
 * can be cut and halved.
 * @throws InheritError `bad-layers`, `bad-config`
 */
export function requireGrowable({ inherit, grow }: RecipeWith<'inherit' | 'grow'>, config: Config): void {
  const layers = chooseLayers(inherit.layers as number, layerCount(config, familyOf(config)));
  configWithBlocks(config, layers.length);
  if (grow.baselines.includes('halfWidth')) halfWidthConfig(config);
}

/** The baselines that the recipe asks for, at a depth of `blocks`, each trained as the targets are. */
export async function trainedBaselines(
  { grow, train }: RecipeWith<'train' | 'grow'>,
  { config, sidecars }: Checkpoint,
  blocks: number,
  training: MeasuredTraining,
  context: RunContext,
): Promise<GrownModel[]> {
  const random = (name: string, shape: Config): Promise<MeasuredModel> =>
    training.trained({
      ...{ name, initialisation: 'random', checkpoint: randomCheckpoint(shape, train.seed, sidecars) },
      fingerprint: recipeHash([shape, train.seed]),
    });
  const trained = {
    scratch: () => random('scratch', configWithBlocks(config, blocks)),
    halfWidth: () => random('half width', halfWidthConfig(config)),
    stacking: async () => {
      const half = await random('stacking half', configWithBlocks(config, Math.ceil(blocks / 2)));
      const { checkpoint } = await openModel(half.folder, context);
      try {
        return await training.trained({
          name: 'stacking',
          initialisation: `stacked (half trained ${half.model.steps} steps)`,
          checkpoint: stackedCheckpoint(checkpoint, blocks),
          fingerprint: recipeHash([half.fingerprint, blocks]),
        });
      } finally {
        await checkpoint.close();
      }
    },
  };
  const models: GrownModel[] = [];
  for (const baseline of grow.baselines) models.push((await trained[baseline]()).model);
  return models;
}
