import { InherituneError } from '../errors.ts';
import { groupResults } from '../evaluate/group-results.ts';
import { groupProtocolScores } from '../evaluate/protocol.ts';
import type { EvaluationResult, TaskResult } from '../evaluate/result.ts';
import { selectTasks } from '../evaluate/tasks/registry.ts';

/** Shards that are not parts of one evaluation. */
export class MergeError extends InherituneError {
  declare readonly code: 'nothingToMerge' | 'shardsDiffer' | 'taskTwice';
}

/** What must be equal in all shards: a number computed otherwise belongs to another evaluation. */
const EQUAL_FIELDS = ['schemaVersion', 'model', 'parameters', 'limit', 'protocol'] as const;
const EQUAL_ENVIRONMENT = ['precision', 'tensorflow', 'inheritune'] as const;

type ProtocolScores = NonNullable<EvaluationResult['protocolScores']>;
type Datasets = Extract<EvaluationResult['data'], { kind: 'hub' }>['datasets'];

export interface MergedResults {
  readonly result: EvaluationResult;
  /** Tasks that were asked for and are in no shard; in `result` they have failed, so that no group hides them. */
  readonly missing: readonly string[];
}

/**
 * One evaluation from its shards; pure. The shards must be of one model under one limit, precision and version, and no task
 * may be in two. Group scores (MMLU) are computed anew from the tasks, as one evaluation of all would have done.
 * Where shards ran on different machines the environment names all of them, so that the result is comparable only with one that
 * was computed on the same mix.
 * @param requested tasks and groups as the recipe names them
 * @throws MergeError (exit code 2) naming the field and both values
 */
export function mergeResults(
  shards: readonly EvaluationResult[],
  requested: readonly string[],
): MergedResults {
  const [first, ...others] = shards;
  if (first === undefined)
    throw new MergeError('nothingToMerge', 'There is no shard to merge. Run the evaluate jobs first.');
  for (const other of others) checkEqual(first, other);

  const found = new Map<string, TaskResult>();
  for (const [name, task] of shards.flatMap(({ tasks }) => Object.entries(tasks))) {
    if (found.has(name))
      throw new MergeError(
        'taskTwice',
        `The task ${name} is in two shards. Give every evaluate job another index and all the same count.`,
      );
    found.set(name, task);
  }
  const selection = selectTasks(requested);
  const missing = selection.tasks.map(({ name }) => name).filter((name) => !found.has(name));
  const order = [...selection.tasks.map(({ name }) => name), ...found.keys()];
  const tasks = Object.fromEntries(
    [...new Set(order)].map((name) => [
      name,
      found.get(name) ?? { status: 'failed' as const, reason: 'no shard has a result for it' },
    ]),
  );
  const groups = groupResults(selection.groups, tasks);
  const validation = shards.find((shard) => shard.validation !== undefined)?.validation;
  return {
    missing,
    result: {
      schemaVersion: first.schemaVersion,
      model: first.model,
      parameters: first.parameters,
      limit: first.limit,
      ...(first.protocol === undefined ? {} : { protocol: first.protocol }),
      ...mergedProtocolScores(shards, groups, tasks),
      ...mergedData(shards),
      tasks,
      groups,
      ...(validation === undefined ? {} : { validation }),
      environment: mergedEnvironment(shards),
      seconds: sum(shards.map(({ seconds }) => seconds)),
      tokensComputed: sum(shards.map(({ tokensComputed }) => tokensComputed)),
    },
  };
}

function checkEqual(a: EvaluationResult, b: EvaluationResult): void {
  const differing = (field: string, left: unknown, right: unknown): void => {
    if (left === right) return;
    throw new MergeError(
      'shardsDiffer',
      `The shards are not of one evaluation: ${field} is ${JSON.stringify(left)} in one and ${JSON.stringify(right)} in another. Evaluate all shards with the same model, recipe and version.`,
    );
  };
  for (const field of EQUAL_FIELDS) differing(field, a[field], b[field]);
  for (const field of EQUAL_ENVIRONMENT)
    differing(`environment.${field}`, a.environment[field] ?? null, b.environment[field] ?? null);
}

/** Those of tasks are in their shards; a group has its own only where all of its tasks are. */
function mergedProtocolScores(
  shards: readonly EvaluationResult[],
  groups: EvaluationResult['groups'],
  tasks: EvaluationResult['tasks'],
): Pick<EvaluationResult, 'protocolScores'> {
  const own = shards.map((shard) => shard.protocolScores).filter((scores) => scores !== undefined);
  if (own.length === 0) return {};
  const scores = Object.assign({}, ...own) as ProtocolScores;
  return { protocolScores: { ...scores, ...groupProtocolScores(groups, tasks, scores) } };
}

/** A folder is the same for all; of the hub each shard names the datasets that it read. */
function mergedData(shards: readonly EvaluationResult[]): Pick<EvaluationResult, 'data'> {
  const data = shards.flatMap((shard) => shard.data ?? []);
  const [first] = data;
  if (first === undefined) return {};
  const hub = data.flatMap((each) => (each.kind === 'hub' ? [each.datasets] : []));
  return {
    data: hub.length === 0 ? first : { kind: 'hub', datasets: Object.assign({}, ...hub) as Datasets },
  };
}

/** Every value that a key has in any shard, each once. */
function mergedEnvironment(shards: readonly EvaluationResult[]): EvaluationResult['environment'] {
  const keys = [...new Set(shards.flatMap(({ environment }) => Object.keys(environment)))];
  return Object.fromEntries(
    keys.map((key) => {
      const values = [...new Set(shards.map(({ environment }) => environment[key] ?? 'none'))];
      return [key, values.length === 1 ? values[0]! : values.map(String).toSorted().join(' + ')];
    }),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
