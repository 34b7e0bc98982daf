import { resolve } from 'node:path';
import { Command } from 'commander';
import { requireSections } from '../../recipe/required-sections.ts';
import { shellWord } from '../../report/comparison-facts.ts';
import { growRecipe } from '../../run/grow-recipe.ts';
import type { CommandDefinition } from '../command-io.ts';
import { readRecipe } from './read-recipe.ts';

export const growCommand: CommandDefinition = (io) =>
  new Command('grow')
    .description('Trains more and more blocks of a reference until its validation loss is reached.')
    .argument('<recipe>', 'YAML file with a grow section')
    .option('--out <folder>', 'where everything is left (default: runs/NAME)')
    .option('--set <field=value...>', 'replaces a field of the recipe')
    .action(async (file: string, options: { out?: string; set?: string[] }) => {
      const given = io();
      const { context, print } = given;
      const loaded = await readRecipe(file, options.set, given, ['data']);
      const recipe = requireSections(loaded, 'grow', ['inherit', 'data', 'train', 'grow']);
      const out = options.out ?? `runs/${recipe.name}`;
      const words = ['inheritune', 'grow', file, '--out', out];
      const sets = (options.set ?? []).flatMap((set) => ['--set', set]);
      const device = given.device === undefined ? [] : ['--device', given.device];
      const command = [...words, ...sets, ...device].map(shellWord).join(' ');
      const outFolder = resolve(context.cwd, out);
      const { text } = await growRecipe(recipe, { outFolder, command, written: loaded.written }, context);
      print(text);
    });
