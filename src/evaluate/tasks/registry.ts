import { EvaluateError } from '../evaluate-error.ts';
import { boolq } from './boolq.ts';
import { logiqa } from './logiqa.ts';
import { mmluGroups, mmluTasks } from './mmlu.ts';
import { mnli } from './mnli.ts';
import { PAPER_TASKS } from './paper-tasks.ts';
import { piqa } from './piqa.ts';
import { qnli } from './qnli.ts';
import type { Task } from './task.ts';
import { truthfulqaMc1, truthfulqaMc2 } from './truthfulqa.ts';
import { winogrande } from './winogrande.ts';
import { wnli } from './wnli.ts';
import { wsc } from './wsc.ts';
import { wsc273 } from './wsc273.ts';

/** Every task there is. A new dataset is a file in this folder and a name in this list. */
const TASKS: readonly Task[] = [
  piqa,
  boolq,
  winogrande,
  wsc,
  wsc273,
  logiqa,
  truthfulqaMc1,
  truthfulqaMc2,
  qnli,
  mnli,
  wnli,
  ...mmluTasks,
];

/** Names that stand for several tasks and have no score of their own. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  /** The nine columns of the Inheritune paper, in its order. */
  nine: PAPER_TASKS,
};

const MOST_NEAR_NAMES = 5;

export interface TaskSelection {
  /** In the order asked for, each once. */
  readonly tasks: readonly Task[];
  /** Member tasks of every group that was asked for whole, by group name. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
}

/**
 * The tasks and groups behind the names that a user gives: tasks, `nine`, `mmlu` and its four parts.
 * @param custom tasks that are not built in, by the names they are asked for with
 * @throws EvaluateError `unknown-task` with the nearest names and all names
 */
export function selectTasks(
  names: readonly string[],
  custom: ReadonlyMap<string, Task> = new Map(),
): TaskSelection {
  if (names.length === 0) {
    throw new EvaluateError('unknown-task', `No task was named. Name at least one of: ${allNames()}.`);
  }
  const tasks = new Map<string, Task>();
  const groups = new Map<string, readonly string[]>();
  for (const name of names) {
    const own = custom.get(name);
    if (own !== undefined) {
      if (![undefined, own].includes(tasks.get(own.name))) throw sameName(own.name);
      tasks.set(own.name, own);
      continue;
    }
    for (const member of membersOf(name)) {
      const task = TASKS.find((candidate) => candidate.name === member);
      if (task === undefined) throw unknownTask(name);
      tasks.set(member, task);
    }
    for (const group of groupsWithin(name)) groups.set(group, membersOf(group));
  }
  return { tasks: [...tasks.values()], groups };
}

/** Every name that `selectTasks` knows, for help texts and schemas. */
export function taskNames(): string[] {
  return [...TASKS.map((task) => task.name), ...Object.keys(ALIASES), ...Object.keys(mmluGroups)];
}

function membersOf(name: string): readonly string[] {
  if (Object.hasOwn(ALIASES, name)) return ALIASES[name]!;
  if (Object.hasOwn(mmluGroups, name)) return mmluGroups[name]!;
  return [name];
}

function groupsWithin(name: string): readonly string[] {
  if (!Object.hasOwn(mmluGroups, name)) return [];
  return name === 'mmlu' ? Object.keys(mmluGroups) : [name];
}

function sameName(name: string): EvaluateError {
  return new EvaluateError(
    'unknown-task',
    `Two task files call their task "${name}". Give each a name of its own.`,
  );
}

function unknownTask(name: string): EvaluateError {
  const near = taskNames()
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, candidate.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MOST_NEAR_NAMES)
    .map(({ candidate }) => candidate);
  const hint = near.length === 0 ? '' : ` Did you mean ${near.join(', ')}?`;
  return new EvaluateError('unknown-task', `There is no task "${name}".${hint} All names: ${allNames()}.`);
}

function allNames(): string {
  return taskNames().join(', ');
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
