import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { configWithBlocks, grownCheckpoint } from '../inherit/composed-checkpoint.ts';
import { inheritedCheckpoint } from '../inherit/inherited-checkpoint.ts';
import type { GrownModel, GrowthResult } from '../judge/growth-result.ts';
import { recipeHash } from '../recipe/recipe-hash.ts';
import type { RecipeWith } from '../recipe/required-sections.ts';
import { renderGrowth } from '../report/growth-table.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import type { RunContext } from './context.ts';
import { hashModel, hashTree } from './fingerprint.ts';
import { requireGrowable, trainedBaselines } from './growth-baselines.ts';
import { MeasuredTraining } from './measured-training.ts';
import type { MeasuredModel } from './measured-training.ts';
import { openModel } from './open-model.ts';
import type { OpenModel } from './open-model.ts';
import { openReference } from './open-reference.ts';
import { writeReport } from './report-stage.ts';
import type { RunReport } from './report-stage.ts';
import { keepOrigin, runHashes } from './run-recipe.ts';
import type { RunOptions } from './run-recipe.ts';
import { StageRunner } from './stage-record.ts';
import { trainingTokens } from './training-tokens.ts';

export type GrowRecipe = RecipeWith<'inherit' | 'data' | 'train' | 'grow'>;

/**
 * The paper's full-data setting (Inheritune, arXiv 2404.08634, v1 algorithm 2): train or load the reference, train its
 * first n blocks for the same steps, and add blocks until the validation loss is the reference's. Every model's loss is
 * computed over the same whole validation split. Finished stages are taken over when the same recipe is run again, and from
 * the baseline's record. Leaves what `runRecipe` leaves, with `growth.md` and `growth.json`.
 * @throws what `requireGrowable` finds, before anything is trained
 */
export async function growRecipe(
  recipe: GrowRecipe,
  options: RunOptions,
  context: RunContext,
): Promise<RunReport> {
  const { outFolder, baseline, written, command } = options;
  const opened = await openReference(recipe.reference, context);
  try {
    const note = (text: string): void => {
      context.progress.note(text);
    };
    requireGrowable(recipe, opened.checkpoint.config);
    if (recipe.evaluate !== undefined)
      note('evaluate is left out: the models of a growing run are compared by their validation loss');
    await mkdir(outFolder, { recursive: true });
    const stages = new StageRunner(outFolder, note, context.env['GITHUB_ACTIONS'] === 'true', baseline);
    const tokens = await trainingTokens(recipe.data, recipe.train, opened.checkpoint, stages, context);
    await keepOrigin(options);
    const training = new MeasuredTraining(recipe, tokens, stages, context);
    const reference = await measuredReference(recipe, opened, training);
    const rounds = await growthRounds(recipe, opened.checkpoint.config, reference, training, context);
    const last = rounds.at(-1)!;
    const { blocks } = last.model;
    const baselines = await trainedBaselines(recipe, opened.checkpoint, blocks, training, context);
    const models: GrownModel[] = [];
    for (const model of [reference, ...rounds]) models.push(await model.settled());
    const growth: GrowthResult = {
      ...{ parity: isParity(models.at(-1)!, models[0]!, recipe), tolerance: recipe.grow.tolerance },
      ...{ validationTokens: training.validation!.tokens, validationHash: tokens.validationHash ?? null },
      models: [...models, ...baselines],
    };
    const text = renderGrowth(recipe.name, growth);
    await writeFileAtomic(join(outFolder, 'growth.md'), text);
    const json = JSON.stringify({ name: recipe.name, ...growth }, null, 2);
    await writeFileAtomic(join(outFolder, 'growth.json'), `${json}\n`);
    const weights = [
      { key: 'reference', fingerprint: reference.fingerprint },
      { key: 'trained', fingerprint: last.fingerprint },
    ] as const;
    const { reportFile } = await writeReport(
      {
        ...{ recipe, written, reference: opened, evaluated: [], left: [], stages, command, growth },
        choice: { layers: blocks, selection: undefined, made: undefined },
        environment: training.validation!.environment,
        hashes: await runHashes(recipe, weights, tokens, opened.config.vocabulary),
      },
      context,
    );
    return { text, reportFile };
  } finally {
    await opened.checkpoint.close();
  }
}

/** The reference with its loss; trained first where it has no weights. */
async function measuredReference(
  { reference }: GrowRecipe,
  { checkpoint, location }: OpenModel,
  training: MeasuredTraining,
): Promise<MeasuredModel> {
  const { config } = checkpoint;
  const named = { name: 'reference', role: 'reference' } as const;
  if (reference.initialise === 'random') {
    const fingerprint = recipeHash({ seed: reference.seed, files: await hashTree(location) });
    return training.trainedAndMeasured({
      ...{ ...named, initialisation: 'random', config, needs: [] },
      fingerprint: () => fingerprint,
      open: () => Promise.resolve(checkpoint),
    });
  }
  const weights = { folder: location, fingerprint: await hashModel(location), made: undefined };
  return training.measured({ ...named, initialisation: 'pretrained', steps: null }, config, weights);
}

/** Until parity, the most rounds, or the reference's depth. */
async function growthRounds(
  recipe: GrowRecipe,
  config: Checkpoint['config'],
  full: MeasuredModel,
  training: MeasuredTraining,
  context: RunContext,
): Promise<MeasuredModel[]> {
  const { grow, inherit } = recipe;
  const rounds: MeasuredModel[] = [];
  let blocks = inherit.layers as number;
  while (rounds.length < grow.rounds && blocks <= full.model.blocks) {
    const section = { ...inherit, layers: blocks };
    const before = grow.reinitialise === 'continue' ? rounds.at(-1) : undefined;
    const depth = blocks;
    const round = await training.trainedAndMeasured({
      ...{ name: `target ${depth} blocks`, role: 'target', config: configWithBlocks(config, depth) },
      initialisation: before === undefined ? 'inherited' : 'continued',
      needs: [full.made, before?.made],
      fingerprint: () => recipeHash([full.fingerprint, before?.fingerprint ?? null, section]),
      open: async () => {
        const reference = (await openModel(full.folder, context)).checkpoint;
        const smaller = before && (await openModel(before.folder, context)).checkpoint;
        const checkpoint =
          smaller === undefined
            ? inheritedCheckpoint({ checkpoint: reference, ...section })
            : grownCheckpoint(smaller, reference, depth);
        const close = async (): Promise<void> => {
          await reference.close();
          await smaller?.close();
        };
        return { ...checkpoint, close };
      },
    });
    rounds.push(round);
    if (isParity(round.model, full.model, recipe)) break;
    blocks += grow.step;
  }
  return rounds;
}

function isParity(target: GrownModel, reference: GrownModel, { grow }: GrowRecipe): boolean {
  return target.lossNats <= reference.lossNats + grow.tolerance;
}
