import { chooseLayers } from '../inherit/choose-layers.ts';
import {
  configWithBlocks,
  halfWidthConfig,
  randomCheckpoint,
  stackedCheckpoint,
} from '../inherit/composed-checkpoint.ts';
import { familyOf, layerCount } from '../inherit/family.ts';
import type { Config } from '../inherit/family.ts';
import type { GrownModel } from '../judge/growth-result.ts';
import { recipeHash } from '../recipe/recipe-hash.ts';
import type { RecipeWith } from '../recipe/required-sections.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import type { RunContext } from './context.ts';
import type { MeasuredModel, MeasuredTraining, TrainingStart } from './measured-training.ts';
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
  { config, sidecars }: Pick<Checkpoint, 'config' | 'sidecars'>,
  blocks: number,
  training: MeasuredTraining,
  context: RunContext,
): Promise<GrownModel[]> {
  const random = (name: string, shape: Config): TrainingStart => ({
    ...{ name, role: 'baseline', initialisation: 'random', config: shape, needs: [] },
    fingerprint: () => recipeHash([shape, train.seed]),
    open: () => Promise.resolve(randomCheckpoint(shape, train.seed, sidecars)),
  });
  const shape = configWithBlocks(config, blocks);
  const trained: Record<(typeof grow.baselines)[number], () => Promise<MeasuredModel>> = {
    scratch: () => training.trainedAndMeasured(random('scratch', shape)),
    halfWidth: () => training.trainedAndMeasured(random('half width', halfWidthConfig(config))),
    stacking: async () => {
      const half = await training.trained(
        random('stacking half', configWithBlocks(config, Math.ceil(blocks / 2))),
      );
      return training.trainedAndMeasured({
        ...{ name: 'stacking', role: 'baseline', config: shape, needs: [half.made] },
        initialisation: `stacked (half trained ${half.steps} steps)`,
        fingerprint: () => recipeHash([half.fingerprint, blocks]),
        open: async () => {
          const { checkpoint } = await openModel(half.folder, context);
          return { ...stackedCheckpoint(checkpoint, blocks), close: () => checkpoint.close() };
        },
      });
    },
  };
  const models: GrownModel[] = [];
  for (const baseline of grow.baselines) models.push((await trained[baseline]()).model);
  return models;
}
