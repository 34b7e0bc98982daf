import { relative, resolve } from 'node:path';
import { Command } from 'commander';
import { requireSections } from '../../recipe/required-sections.ts';
import { growRecipe } from '../../run/grow-recipe.ts';
import { renderGrowth } from '../../run/growth-report.ts';
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
      const loaded = await readRecipe(file, options.set, given);
      const { recipe, referenceName } = loaded;
      if (loaded.recipe.grow !== undefined) {
        const grow = requireSections(loaded, 'run', ['inherit', 'data', 'train', 'grow']);
        const folder = resolve(context.cwd, options.out ?? `runs/${recipe.name}`);
        print(renderGrowth(await growRecipe(grow, folder, context)));
        return;
      }
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
