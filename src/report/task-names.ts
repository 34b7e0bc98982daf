import { PAPER_TASKS } from '../evaluate/tasks/paper-tasks.ts';

const LABELS: Readonly<Record<string, string>> = {
  wsc: 'WSC',
  wsc273: 'WSC273',
  piqa: 'PIQA',
  boolq: 'BoolQ',
  winogrande: 'WinoGrande',
  logiqa: 'LogiQA',
  wnli: 'WNLI',
  qnli: 'QNLI',
  mnli: 'MNLI',
  truthfulqa_mc1: 'TruthfulQA (mc1)',
  truthfulqa_mc2: 'TruthfulQA (mc2)',
  mmlu: 'MMLU',
};

/** A task as its dataset is written in papers, with the metric where that is not plain accuracy. Not escaped. */
export function taskLabel(task: string, metric = 'acc'): string {
  const name = Object.hasOwn(LABELS, task) ? (LABELS[task] ?? task) : task;
  return metric === 'acc' ? name : `${name} (${metric})`;
}

/** The paper's order, then other tasks in theirs, groups such as MMLU last. */
export function inPaperOrder<T>(items: readonly T[], taskOf: (item: T) => string): T[] {
  const rank = (task: string): number => {
    const place = (PAPER_TASKS as readonly string[]).indexOf(task);
    if (place >= 0) return place;
    return task.startsWith('mmlu') ? PAPER_TASKS.length + 1 : PAPER_TASKS.length;
  };
  return [...items].sort((a, b) => rank(taskOf(a)) - rank(taskOf(b)));
}
