import type { JudgedItem, JudgedResult, JudgedTask } from './judged-result.ts';

/** The score that holds an item's log-likelihood margin (nats). */
export const MARGIN = 'margin';

/** Continuous values of an item that no task is judged by; whether an item has them depends on the tool's version. */
const SIGNALS: readonly string[] = [MARGIN, 'bits_per_byte'];

/** A task as it is judged: one dataset, or all subjects of a group such as `mmlu` taken together. */
export interface ComparisonUnit {
  readonly name: string;
  /** The task names behind it; the name itself for a single task. */
  readonly members: readonly string[];
}

/** The scored side of a unit: what has to be equal on both sides, and the items. */
export interface ScoredUnit {
  readonly items: readonly JudgedItem[];
  /** The member each item belongs to, beside `items`. */
  readonly memberOfItem: readonly string[];
  /** Equal on both sides only where every answer is the same; undefined where the items have their log-likelihoods. */
  readonly answersHash: string | undefined;
  /** Comparable only where each of these fields is equal. */
  readonly identity: Readonly<Record<string, string>>;
}

export type UnitSide =
  | { readonly status: 'scored'; readonly unit: ScoredUnit }
  | { readonly status: 'absent' }
  | { readonly status: 'notScored'; readonly reason: string };

/**
 * What two results have to be compared on, base first: its tasks in their order, then groups. The 57 MMLU subjects count
 * as one unit, or Holm's correction would drown the nine datasets in them; parts of a group (`mmlu_stem`) are left out.
 * Base decides which subjects belong to a group; a subject that only head has stands alone.
 */
export function comparisonUnits(base: JudgedResult, head: JudgedResult): ComparisonUnit[] {
  const groups = Object.entries({ ...head.groups, ...base.groups }).sort(
    ([, left], [, right]) => right.tasks.length - left.tasks.length,
  );
  const grouped = new Set<string>();
  const whole: ComparisonUnit[] = [];
  for (const [name, { tasks }] of groups) {
    if (tasks.some((task) => grouped.has(task))) continue;
    tasks.forEach((task) => grouped.add(task));
    whole.push({ name, members: [...tasks].sort() });
  }
  const single = Object.keys({ ...base.tasks, ...head.tasks }).filter((task) => !grouped.has(task));
  return [...single.map((name) => ({ name, members: [name] })), ...whole];
}

/** One side of a unit; a group with a subject that is absent or failed is not scored, with that subject's name. */
export function unitSide(result: JudgedResult, unit: ComparisonUnit): UnitSide {
  const members = unit.members.map((name) => [name, result.tasks[name]] as const);
  if (members.every(([, task]) => task === undefined)) return { status: 'absent' };
  const scored: (readonly [string, Extract<JudgedTask, { status: 'scored' }>])[] = [];
  for (const [name, task] of members) {
    if (task === undefined) return { status: 'notScored', reason: `${name} is absent` };
    if (task.status !== 'scored')
      return { status: 'notScored', reason: `${name} ${task.status}: ${task.reason}` };
    if (task.items.length === 0) return { status: 'notScored', reason: `${name} has no items` };
    scored.push([name, task]);
  }
  return {
    status: 'scored',
    unit: {
      items: scored.flatMap(([, task]) => task.items),
      memberOfItem: scored.flatMap(([name, task]) => task.items.map(() => name)),
      answersHash: scored.every(([, task]) => task.answersHash !== undefined)
        ? scored.map(([, task]) => task.answersHash).join(' ')
        : undefined,
      identity: {
        'metric set': unique(scored.flatMap(([, task]) => metricNames(task.items))),
        'task version': unique(scored.map(([, task]) => String(task.version))),
        'few-shot examples': unique(scored.map(([, task]) => String(task.fewShot))),
        n: String(scored.reduce((sum, [, task]) => sum + task.items.length, 0)),
        'item set': scored.map(([, task]) => task.itemSetHash).join(' '),
      },
    },
  };
}

function metricNames(items: readonly JudgedItem[]): string[] {
  return [...new Set(items.flatMap((item) => Object.keys(item.scores)))].filter(
    (name) => !SIGNALS.includes(name),
  );
}

function unique(values: readonly string[]): string {
  return [...new Set(values)].sort().join(', ');
}
