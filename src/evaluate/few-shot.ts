import { isDeepStrictEqual } from 'node:util';
import { EvaluateError } from './evaluate-error.ts';
import type { LoadedQuestion } from './load-rows.ts';
import { PythonRandom } from './python-random.ts';
import type { Question, Task } from './tasks/task.ts';

/** lm-eval's default few-shot seed. */
const SEED = 1234;

/** The examples for one document. Call it for every document in order: the draws of a task share one generator. */
export type FewShotSampler = (document: LoadedQuestion) => Question[];

/**
 * How many examples a task gets: `asked` for all tasks except those that fix their number (lm-eval's --num_fewshot),
 * else the task's own.
 */
export function shotsFor(task: Task, asked: number | undefined): number {
  if (asked !== undefined && (!Number.isInteger(asked) || asked < 0)) {
    throw new EvaluateError(
      'bad-option',
      `The few-shot number ${String(asked)} is not a whole number from 0. Give 0, 5, …`,
    );
  }
  return task.fewShot.fixed ? task.fewShot.shots : (asked ?? task.fewShot.shots);
}

/**
 * lm-eval 0.4.13's samplers (`api/samplers.py`, `api/task.py` fewshot_context).
 *
 * `random-other` follows from a detail: a document is excluded when its few-shot split equals its test split, and for
 * tasks that name neither both are None. They draw k + 1, drop rows equal to the document, keep k; if copies of the
 * document leave fewer, they draw k again from the pool without it.
 * @throws EvaluateError `no-few-shot-rows` if the pool is smaller than a draw
 */
export function fewShotSampler(task: Task, shots: number, pool: readonly LoadedQuestion[]): FewShotSampler {
  if (shots === 0) return () => [];
  const { draw } = task.fewShot;
  const drawn = draw === 'random-other' ? shots + 1 : shots;
  if (pool.length < drawn) {
    throw new EvaluateError(
      'no-few-shot-rows',
      `${task.name} with ${String(shots)} few-shot examples draws ${String(drawn)} rows, but its ${task.fewShot.pool} file ` +
        `has ${String(pool.length)}. Use the complete file or fewer examples.`,
    );
  }
  const random = new PythonRandom(SEED);
  switch (draw) {
    case 'first':
      return () => questionsOf(pool.slice(0, shots));
    case 'random':
      return () => questionsOf(random.sample(pool, shots));
    case 'random-other':
      return (document) => {
        const isOther = (row: LoadedQuestion): boolean => !isDeepStrictEqual(row.value, document.value);
        const kept = random.sample(pool, drawn).filter(isOther).slice(0, shots);
        return questionsOf(kept.length === shots ? kept : random.sample(pool.filter(isOther), shots));
      };
  }
}

function questionsOf(rows: readonly LoadedQuestion[]): Question[] {
  return rows.map((row) => row.question);
}
