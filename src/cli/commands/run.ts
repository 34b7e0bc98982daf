import { relative, resolve } from 'node:path';
import { Command } from 'commander';
import { runRecipe } from '../../run/run-recipe.ts';
import type { CommandDefinition } from '../command-io.ts';
import { readRecipe } from './read-recipe.ts';

export const runCommand: CommandDefinition = (io) =>
  new Command('run')
    .description(
      'The whole job of a recipe: inherit, prepare, train, evaluate, report. Finished stages are reused.',
    )
    .argument('<recipe>', 'YAML file')
    .option('--out <folder>', 'where everything is left (default: runs/NAME)')
    .option('--set <field=value...>', 'replaces a field of the recipe, e.g. --set train.steps=10')
    .action(async (file: string, options: { out?: string; set?: string[] }) => {
      const given = io();
      const { context, print } = given;
      const { recipe, referenceName } = await readRecipe(file, options.set, given);
      const out = options.out ?? `runs/${recipe.name}`;
      const sets = (options.set ?? []).map((set) => ` --set ${set}`).join('');
      const command = `inheritune run ${file} --out ${out}${sets}`;
      const { text, reportFile } = await runRecipe(
        recipe,
        { outFolder: resolve(context.cwd, out), command, referenceName },
        context,
      );
      print(text);
      print(`The whole report is in ${relative(context.cwd, reportFile) || reportFile}.`);
    });
