import { resolve } from 'node:path';
import { Command } from 'commander';
import { InherituneError } from '../../errors.ts';
import { inheritedCheckpoint } from '../../inherit/inherited-checkpoint.ts';
import { parseConfig } from '../../model/config.ts';
import { requireSections } from '../../recipe/required-sections.ts';
import { recipeHash } from '../../recipe/recipe-hash.ts';
import { chooseBlocks } from '../../run/choose-blocks.ts';
import { hashModel } from '../../run/fingerprint.ts';
import { openModel } from '../../run/open-model.ts';
import { StageRunner } from '../../run/stage-record.ts';
import { trainStage } from '../../run/train-stage.ts';
import { trainingTokens } from '../../run/training-tokens.ts';
import type { CommandDefinition } from '../command-io.ts';
import { readRecipe } from './read-recipe.ts';

export const trainCommand: CommandDefinition = (io) =>
  new Command('train')
    .description('Inherits and trains as a recipe says; writes the model and train.jsonl.')
    .argument('<recipe>', 'YAML file')
    .requiredOption('--out <folder>', 'where the model, train.jsonl and checkpoints are written')
    .option('--resume', 'go on from the newest checkpoint in the output folder')
    .option('--set <field=value...>', 'replaces a field of the recipe')
    .action(async (file: string, options: { out: string; resume?: boolean; set?: string[] }) => {
      const given = io();
      const { context, print } = given;
      const loaded = await readRecipe(file, options.set, given, ['inherit', 'data']);
      const recipe = requireSections(loaded, 'train', ['inherit', 'data', 'train']);
      const outFolder = resolve(context.cwd, options.out);
      if (recipe.reference.initialise === 'random') {
        throw new InherituneError(
          'usage',
          'reference.initialise is random, so the reference is to be trained first, which `train` does not do. Use `inheritune run`.',
        );
      }
      const reference = await openModel(recipe.reference.model, context);
      try {
        const { carry, seed } = recipe.inherit;
        const random = recipe.train.initialise === 'random';
        const stages = new StageRunner(outFolder, (text) => {
          context.progress.note(text);
        });
        const fingerprint = await hashModel(reference.location);
        const source = { folder: reference.location, fingerprint, made: undefined };
        const { layers } = await chooseBlocks(recipe, source, reference.config.layers, stages, context);
        const checkpoint = inheritedCheckpoint({
          ...{ checkpoint: reference.checkpoint, layers, carry, random },
          seed: random ? recipe.train.seed : seed,
        });
        const config = parseConfig(checkpoint.config, 'the inherited config.json');
        const tokens = await trainingTokens(recipe.data, recipe.train, reference.checkpoint, stages, context);
        await tokens.made?.ensure();
        const outcome = await trainStage(
          {
            start: { checkpoint, config },
            startFingerprint: recipeHash([fingerprint, { ...recipe.inherit, layers }, random]),
            ...{ section: recipe.train, tokens, outFolder, resume: options.resume === true },
            engine: () => context.engine(recipe.device),
          },
          context,
        );
        if (options.resume === true && outcome.resumedFrom === 0) {
          context.progress.note(
            `there was no checkpoint to resume from in ${options.out}: trained from step 0`,
          );
        }
        print(
          `${options.out}: trained ${outcome.steps} steps on ${outcome.tokens.toLocaleString('en')} tokens`,
        );
      } finally {
        await reference.checkpoint.close();
      }
    });
