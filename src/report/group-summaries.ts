import type { GroupResult } from '../evaluate/result.ts';
import type { JudgedItem, JudgedResult, JudgedTask } from '../judge/judged-result.ts';

export type ScoredTask = Extract<JudgedTask, { status: 'scored' }>;

/** The scored subjects of a group. */
export function subjectsOf(result: JudgedResult | undefined, group: GroupResult | undefined): ScoredTask[] {
  return (group?.tasks ?? []).flatMap((name): ScoredTask[] => {
    const task = result?.tasks[name];
    return task?.status === 'scored' ? [task] : [];
  });
}

export interface GroupBaselines {
  /** Guessing, every question alike. */
  readonly uniform: number;
  /** Guessing, every subject alike. */
  readonly macroUniform: number;
  /** One answer for all subjects, every question alike; undefined where answers differ by item or are not kept. */
  readonly constant: number | undefined;
}

/** What needs no model, over a whole group. */
export function groupBaselines(subjects: readonly ScoredTask[]): GroupBaselines {
  const items = subjects.flatMap((subject) => subject.items);
  const hasConstant =
    subjects.every(({ baselines }) => baselines.constant !== null) &&
    items.every(({ gold }) => gold !== undefined);
  return {
    uniform: weighted(subjects, ({ baselines }) => baselines.uniform),
    macroUniform: subjects.reduce((sum, { baselines }) => sum + baselines.uniform / subjects.length, 0),
    constant: hasConstant ? bestConstant(items) : undefined,
  };
}

/** A task's or group's mean signal with its standard error; undefined where there is none. */
export interface SignalMean {
  readonly value: number;
  readonly standardError: number | 'N/A' | undefined;
}

/** Mean of a signal over a group's items; subjects are strata, so only the spread within them counts. */
export function groupSignal(subjects: readonly ScoredTask[], signal: string): SignalMean | undefined {
  const means = subjects.map((subject) => taskSignal(subject, signal));
  if (means.length === 0 || means.includes(undefined)) return undefined;
  const docs = subjects.reduce((sum, subject) => sum + subject.docs, 0);
  const errors = subjects.map((subject, i) => {
    const error = means[i]!.standardError;
    return typeof error === 'number' ? (error * subject.docs) / docs : Number.NaN;
  });
  const standardError = Math.hypot(...errors);
  return {
    value: subjects.reduce((sum, subject, i) => sum + (means[i]!.value * subject.docs) / docs, 0),
    standardError: Number.isFinite(standardError) ? standardError : 'N/A',
  };
}

/** A task's mean signal. */
export function taskSignal(task: JudgedTask | undefined, signal: string): SignalMean | undefined {
  const value = task?.status === 'scored' ? task.signals?.[signal] : undefined;
  if (typeof value !== 'number' || task?.status !== 'scored') return undefined;
  return { value, standardError: task.signals?.[`${signal}_stderr`] };
}

function weighted(subjects: readonly ScoredTask[], pick: (subject: ScoredTask) => number): number {
  const docs = subjects.reduce((sum, subject) => sum + subject.docs, 0);
  return subjects.reduce((sum, subject) => sum + pick(subject) * subject.docs, 0) / docs;
}

/** The share of the most frequent right answer: one letter for all subjects. */
function bestConstant(items: readonly JudgedItem[]): number {
  const counts = new Map<unknown, number>();
  for (const { gold } of items) counts.set(gold, (counts.get(gold) ?? 0) + 1);
  return Math.max(...counts.values()) / items.length;
}
