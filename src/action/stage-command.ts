import { join } from 'node:path';
import { ActionError } from './action-error.ts';
import type { Settings } from './inputs.ts';
import { recipeOverrides } from './recipe-facts.ts';
import type { RecipeFacts } from './recipe-facts.ts';
import { shardTasks } from './shard-tasks.ts';

/** The command line of one child process. */
export interface StageCommand {
  readonly args: readonly string[];
  /** For `evaluate`: the result file, relative to `out`. */
  readonly resultFile?: string;
}

/** Raw result of a shard, before it is put into its envelope; not `.json`, so that the report does not take it for one. */
export const SHARD_RESULT = 'shard-result.raw';

/**
 * What the child is to do; undefined for a shard without tasks. The token is in neither arguments nor environment.
 * @throws ActionError when the recipe lacks the section that the stage needs
 */
export function stageCommand(settings: Settings, recipe: RecipeFacts): StageCommand | undefined {
  const { stages, out } = settings;
  const sets = recipeOverrides(settings).flatMap((override) => ['--set', override]);
  if (stages === 'all')
    return { args: ['run', settings.recipe, '--out', out, ...sets, ...machineOptions(settings)] };
  if (stages === 'train') {
    // A run without evaluation: finished stages are taken over, the newest checkpoint is gone on from, and what a record needs is left.
    const noEvaluation = ['--set', 'evaluate='];
    return {
      args: ['run', settings.recipe, '--out', out, ...sets, ...noEvaluation, ...machineOptions(settings)],
    };
  }
  const { evaluate } = recipe;
  if (evaluate === undefined) {
    throw new ActionError(
      'ACTION_INPUT',
      `${settings.recipe} has no section "evaluate", which stages: ${stages} needs. Add evaluate.tasks, e.g. [nine, mmlu].`,
    );
  }
  const tasks = shardTasks(evaluate.tasks, settings.shard, evaluate.limit);
  if (tasks.length === 0) return undefined;
  return {
    args: [
      'evaluate',
      ...['--model', settings.model ?? out],
      ...['--tasks', tasks.join(',')],
      ...['--out', join(out, SHARD_RESULT)],
      ...(evaluate.data === undefined ? [] : ['--data', evaluate.data]),
      ...(evaluate.limit === undefined ? [] : ['--limit', String(evaluate.limit)]),
      ...(evaluate.fewShot === undefined ? [] : ['--num-fewshot', String(evaluate.fewShot)]),
      ...(evaluate.addBos === undefined ? [] : ['--add-bos', String(evaluate.addBos)]),
      ...machineOptions({ ...settings, device: recipe.device }),
    ],
    resultFile: SHARD_RESULT,
  };
}

/** "auto" leaves the choice to the recipe, whose own default is the same. */
function machineOptions({ device, cacheDir, nativeDir }: Settings): string[] {
  return [
    ...(device === 'auto' ? [] : ['--device', device]),
    ...(cacheDir === undefined ? [] : ['--cache-dir', cacheDir]),
    ...(nativeDir === undefined ? [] : ['--native-dir', nativeDir]),
  ];
}
