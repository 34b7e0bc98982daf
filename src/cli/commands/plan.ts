import { Command } from 'commander';
import { requireSections } from '../../recipe/required-sections.ts';
import { PLAN_DEVICES } from '../../run/device-rates.ts';
import { planTraining } from '../../run/plan-training.ts';
import { renderPlan } from '../plan-text.ts';
import type { CommandDefinition } from '../command-io.ts';
import { readRecipe } from './read-recipe.ts';

export const planCommand: CommandDefinition = (io) =>
  new Command('plan')
    .description(
      'What a recipe costs: parameters, FLOP, memory and time, from the traced graph; no weights, no GPU, nothing is trained.',
    )
    .argument('<recipe>', 'YAML file')
    .option('--device <device>', `the one to plan for: ${PLAN_DEVICES.join(', ')} (default: all)`)
    .option('--json', 'as JSON')
    .option('--set <field=value...>', 'replaces a field of the recipe')
    .action(
      async (
        file: string,
        options: { json?: boolean; set?: string[]; device?: string },
        command: Command,
      ) => {
        const given = planIo(command, io);
        const loaded = await readRecipe(file, options.set, given, []);
        const recipe = requireSections(loaded, 'plan', ['inherit', 'train']);
        const plan = await planTraining(recipe, given.context, given.planDevice);
        given.print(options.json === true ? JSON.stringify(plan, null, 2) : renderPlan(plan));
      },
    );

/** Here `--device`, wherever it stands, names a device to plan for, not one to compute on: other commands must not see it. */
function planIo(command: Command, io: Parameters<CommandDefinition>[0]) {
  const program = command.parent;
  const planDevice =
    program?.opts<{ device?: string }>().device ?? command.opts<{ device?: string }>().device;
  program?.setOptionValue('device', undefined);
  return { ...io(), planDevice };
}
