import { join } from 'node:path';
import { ActionError } from './action-error.ts';
import type { Settings } from './inputs.ts';
import { recipeOverrides } from './recipe-facts.ts';
import type { RecipeFacts } from './recipe-facts.ts';
import { shardTasks } from './shard-tasks.ts';

/** Models of a run, in the order in which it makes them. */
export const MODEL_KEYS = ['reference', 'inherited', 'trained'] as const;
export type ModelKey = (typeof MODEL_KEYS)[number];

export interface EvaluatedModel {
  readonly key: ModelKey;
  /** Folder, hub id, wheel or .gguf file. */
  readonly model: string;
}

/** Raw result of a shard, relative to `out`; not `.json`, so that the report does not take it for one. */
export function shardResult(key: ModelKey): string {
  return `shard-result-${key}.raw`;
}

/** What the child of a job that trains is to do. The token is in neither arguments nor environment. */
export function runCommand(settings: Settings): string[] {
  const sets = recipeOverrides(settings).flatMap((override) => ['--set', override]);
  // Finished stages are taken over, the newest checkpoint is gone on from, and what a record needs is left.
  const left = settings.stages === 'train' ? ['--leave-evaluation'] : [];
  return ['run', settings.recipe, '--out', settings.out, ...sets, ...left, ...machineOptions(settings)];
}

/**
 * The tasks of this job's shard; none where the recipe grows, as its job that trains measures all there is.
 * @throws ActionError when the recipe lacks the section that the stage needs
 */
export function tasksOfShard(
  { stages, recipe, shard }: Settings,
  { evaluate, grows }: RecipeFacts,
): string[] {
  if (grows) return [];
  if (evaluate !== undefined) return shardTasks(evaluate.tasks, shard, evaluate.limit);
  throw new ActionError(
    'ACTION_INPUT',
    `${recipe} has no section "evaluate", which stages: ${stages} needs. Add evaluate.tasks, e.g. [nine, mmlu].`,
  );
}

/** What the child that evaluates one model is to do: every field of the recipe's section that decides or bounds its scores. */
export function evaluateCommand(
  settings: Settings,
  { evaluate, device }: RecipeFacts,
  { key, model }: EvaluatedModel,
  tasks: readonly string[],
): string[] {
  const { data, limit, fewShot, addBos, protocol, maxMemory } = evaluate ?? {};
  const options = {
    ...{ model, tasks: tasks.join(','), out: join(settings.out, shardResult(key)), data, limit },
    ...{ 'num-fewshot': fewShot, 'add-bos': addBos, protocol, 'max-memory': maxMemory },
  };
  return [
    'evaluate',
    ...Object.entries(options).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    ),
    ...machineOptions({ ...settings, device }),
  ];
}

/** "auto" leaves the choice to the recipe, whose own default is the same. */
function machineOptions({ device, cacheDir, nativeDir }: Settings): string[] {
  return [
    ...(device === 'auto' ? [] : ['--device', device]),
    ...(cacheDir === undefined ? [] : ['--cache-dir', cacheDir]),
    ...(nativeDir === undefined ? [] : ['--native-dir', nativeDir]),
  ];
}
