import { existsSync } from 'node:fs';
import { inRepository, sharedData } from '../../test/support/repository.ts';

/** What one line of the table is about: tasks that are evaluated in one go. */
export interface Job {
  readonly name: string;
  /** Tasks by the names of lm-eval and of `inheritune evaluate`. */
  readonly tasks: readonly string[];
  /** The first documents of each task; null for all. */
  readonly limit: number | null;
  /** lm-eval runs MMLU without examples unless told otherwise; five are what the name means. */
  readonly fewShot: number | null;
}

export interface Limits {
  readonly limit: number | null;
  readonly mmluLimit: number | null;
}

export const NINE = [
  ...['wsc', 'piqa', 'boolq', 'winogrande', 'logiqa', 'wnli', 'qnli', 'mnli', 'truthfulqa_mc2'],
] as const;

/** The complete splits where they lie beside the checkout, else the sample that ships. */
export function evaluationData(): { folder: string; name: string } {
  const complete = `${sharedData}/eval`;
  return existsSync(complete)
    ? { folder: complete, name: 'the complete splits' }
    : { folder: inRepository('data/eval'), name: 'the shipped sample' };
}

/**
 * A job for every task, and one for all tasks but MMLU together where there are several: requests of different tasks
 * may share work, and one run of the program prepares its graphs once.
 * @param names tasks, `nine` standing for the paper's
 */
export function jobsOf(names: readonly string[], { limit, mmluLimit }: Limits): Job[] {
  const tasks = names.flatMap((name) => (name === 'nine' ? NINE : [name]));
  const mmlu = tasks.filter((task) => task.startsWith('mmlu'));
  const others = tasks.filter((task) => !task.startsWith('mmlu'));
  const single = others.map((task): Job => ({ name: task, tasks: [task], limit, fewShot: null }));
  return [
    ...single,
    ...(others.length > 1 ? [{ name: TOGETHER, tasks: others, limit, fewShot: null }] : []),
    ...mmlu.map((task): Job => ({ name: task, tasks: [task], limit: mmluLimit, fewShot: 5 })),
  ];
}

const TOGETHER = 'all but MMLU in one run';

/** The entries whose sum is the whole suite, each task once. */
export function suiteOf<T extends { readonly job: Job }>(entries: readonly T[]): T[] {
  const hasTogether = entries.some(({ job }) => job.name === TOGETHER);
  return entries.filter(({ job }) => !hasTogether || job.fewShot !== null || job.name === TOGETHER);
}
