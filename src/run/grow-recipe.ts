import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { grownCheckpoint } from '../inherit/composed-checkpoint.ts';
import { inheritedCheckpoint } from '../inherit/inherited-checkpoint.ts';
import { parameterCount } from '../model/parameters.ts';
import { recipeHash } from '../recipe/recipe-hash.ts';
import type { RecipeWith } from '../recipe/required-sections.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import type { RunContext } from './context.ts';
import { hashModel, hashTree } from './fingerprint.ts';
import { requireGrowable, trainedBaselines } from './growth-baselines.ts';
import { renderGrowth } from './growth-report.ts';
import type { GrowthResult, GrownModel } from './growth-report.ts';
import { MeasuredTraining } from './measured-training.ts';
import type { MeasuredModel } from './measured-training.ts';
import { openModel } from './open-model.ts';
import type { OpenModel } from './open-model.ts';
import { openReference } from './open-reference.ts';
import { StageRunner } from './stage-record.ts';
import { trainingTokens } from './training-tokens.ts';

export type GrowRecipe = RecipeWith<'inherit' | 'data' | 'train' | 'grow'>;

/**
 * The paper's full-data setting (Inheritune, arXiv 2404.08634, v1 algorithm 2): train or load the reference, train its
 * first n blocks for the same steps, and add blocks until the validation loss is the reference's. Every model's loss is
 * computed over the same whole validation split. Finished rounds are taken over when the same recipe is run again.
 * @throws what `requireGrowable` finds, before anything is trained
 */
export async function growRecipe(
  recipe: GrowRecipe,
  outFolder: string,
  context: RunContext,
): Promise<GrowthResult> {
  const opened = await openReference(recipe.reference, context);
  try {
    requireGrowable(recipe, opened.checkpoint.config);
    await mkdir(outFolder, { recursive: true });
    const note = (text: string): void => {
      context.progress.note(text);
    };
    const stages = new StageRunner(outFolder, note, context.env['GITHUB_ACTIONS'] === 'true');
    const tokens = await trainingTokens(recipe.data, recipe.train, opened.checkpoint, stages, context);
    await tokens.made?.ensure();
    const training = new MeasuredTraining(recipe, tokens, stages, context);
    const reference = await measuredReference(recipe, opened, training);
    const trained = await openModel(reference.folder, context);
    try {
      const rounds = await growthRounds(recipe, trained.checkpoint, reference, training, context);
      const last = rounds.at(-1)!;
      const baselines = await trainedBaselines(recipe, trained.checkpoint, last.blocks, training, context);
      const parity = isParity(last, reference.model, recipe);
      const result = { name: recipe.name, parity, models: [reference.model, ...rounds, ...baselines] };
      await writeFileAtomic(join(outFolder, 'growth.json'), `${JSON.stringify(result, null, 2)}\n`);
      await writeFileAtomic(join(outFolder, 'growth.md'), renderGrowth(result));
      return result;
    } finally {
      await trained.checkpoint.close();
    }
  } finally {
    await opened.checkpoint.close();
  }
}

/** The reference with its loss; trained first where it has no weights. */
async function measuredReference(
  { reference }: GrowRecipe,
  { checkpoint, config, location }: OpenModel,
  training: MeasuredTraining,
): Promise<MeasuredModel> {
  const name = 'reference';
  if (reference.initialise === 'random') {
    const fingerprint = recipeHash({ seed: reference.seed, files: await hashTree(location) });
    return training.trained({ name, initialisation: 'random', checkpoint, fingerprint });
  }
  const fingerprint = await hashModel(location);
  const lossNats = await training.measured(name, location, fingerprint);
  const size = { blocks: config.layers, parameters: parameterCount(config) };
  const model = { name, ...size, initialisation: 'pretrained', steps: null, lossNats };
  return { model, folder: location, fingerprint };
}

/** Until parity, the most rounds, or the reference's depth. `reference` is open. */
async function growthRounds(
  recipe: GrowRecipe,
  reference: Checkpoint,
  full: MeasuredModel,
  training: MeasuredTraining,
  context: RunContext,
): Promise<GrownModel[]> {
  const { grow, inherit } = recipe;
  const rounds: MeasuredModel[] = [];
  let blocks = inherit.layers as number;
  while (rounds.length < grow.rounds && blocks <= full.model.blocks) {
    const section = { ...inherit, layers: blocks };
    const before = grow.reinitialise === 'continue' ? rounds.at(-1) : undefined;
    const smaller = before && (await openModel(before.folder, context));
    try {
      const round = await training.trained({
        name: `target ${blocks} blocks`,
        initialisation: smaller === undefined ? 'inherited' : 'continued',
        checkpoint:
          smaller === undefined
            ? inheritedCheckpoint({ checkpoint: reference, ...section })
            : grownCheckpoint(smaller.checkpoint, reference, blocks),
        fingerprint: recipeHash([full.fingerprint, before?.fingerprint ?? null, section]),
      });
      rounds.push(round);
      if (isParity(round.model, full.model, recipe)) break;
    } finally {
      await smaller?.checkpoint.close();
    }
    blocks += grow.step;
  }
  return rounds.map(({ model }) => model);
}

function isParity(target: GrownModel, reference: GrownModel, { grow }: GrowRecipe): boolean {
  return target.lossNats <= reference.lossNats + grow.tolerance;
}
