import { Command } from 'commander';
import { requireSections } from '../../recipe/required-sections.ts';
import { planTraining } from '../../run/plan-training.ts';
import { renderPlan } from '../plan-text.ts';
import type { CommandDefinition } from '../command-io.ts';
import { readRecipe } from './read-recipe.ts';

export const planCommand: CommandDefinition = (io) =>
  new Command('plan')
    .description(
      'What a recipe costs: parameters, FLOP, memory and time, from the traced graph; nothing is computed.',
    )
    .argument('<recipe>', 'YAML file')
    .option('--json', 'as JSON')
    .option('--set <field=value...>', 'replaces a field of the recipe')
    .action(async (file: string, options: { json?: boolean; set?: string[] }) => {
      const given = io();
      const loaded = await readRecipe(file, options.set, given, []);
      const recipe = requireSections(loaded, 'plan', ['inherit', 'train']);
      const plan = await planTraining(recipe, given.context);
      given.print(options.json === true ? JSON.stringify(plan, null, 2) : renderPlan(plan));
    });
