import { resolve } from 'node:path';
import { Command } from 'commander';
import { loadCheckpointTokenizer } from '../../data/checkpoint-tokenizer.ts';
import { readManifest } from '../../data/read-manifest.ts';
import { sourceReport } from '../../data/source-report.ts';
import { InherituneError } from '../../errors.ts';
import { requireSections } from '../../recipe/required-sections.ts';
import { openModel } from '../../run/open-model.ts';
import { prepareFromSources } from '../../run/training-tokens.ts';
import type { CommandDefinition } from '../command-io.ts';
import { readRecipe } from './read-recipe.ts';

export const prepareCommand: CommandDefinition = (io) =>
  new Command('prepare')
    .description(
      "Turns a recipe's text into files of token ids: a seeded subset to train on, and held-out documents.",
    )
    .argument('<recipe>', 'YAML file')
    .requiredOption('--out <folder>', 'where the token files and manifest.json are written')
    .option('--set <field=value...>', 'replaces a field of the recipe')
    .action(async (file: string, options: { out: string; set?: string[] }) => {
      const given = io();
      const { context, print } = given;
      const loaded = await readRecipe(file, options.set, given, ['data']);
      const { data, train, reference } = requireSections(loaded, 'prepare', ['data']);
      if (data.sources === undefined) {
        throw new InherituneError(
          'data',
          `${file}: data.tokens names ready token ids. Give data.sources to prepare text.`,
        );
      }
      const outFolder = resolve(context.cwd, options.out);
      const tokenizer = async () => {
        const { checkpoint } = await openModel(reference.model, context);
        try {
          return await loadCheckpointTokenizer(checkpoint);
        } finally {
          await checkpoint.close();
        }
      };
      await prepareFromSources(data, train, tokenizer, outFolder, context);
      print(`${options.out}: ${sourceReport(await readManifest(outFolder))}`);
    });
