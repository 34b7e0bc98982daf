import { EvaluateError } from './evaluate-error.ts';
import { fewShotSampler, shotsFor } from './few-shot.ts';
import { limited, readQuestions } from './load-rows.ts';
import type { LoadedQuestion, RowLoader } from './load-rows.ts';
import { itemId, renderRequests } from './render-requests.ts';
import type { LoglikelihoodRequest } from './result.ts';
import type { Question, Task } from './tasks/task.ts';

/** A document with the texts whose log-likelihoods are asked for. */
export interface PreparedItem {
  readonly id: string;
  readonly question: Question;
  /** One for each choice, in order. */
  readonly requests: readonly LoglikelihoodRequest[];
}

export type PreparedTask =
  | {
      readonly status: 'ready';
      readonly task: Task;
      readonly shots: number;
      readonly items: readonly PreparedItem[];
    }
  | { readonly status: 'unavailable'; readonly task: Task; readonly reason: string };

/**
 * Loads a task's rows and renders its requests, documents in file order.
 * @param limit the first N documents, or a share below 1; null for all
 * @param fewShot as lm-eval's --num_fewshot; undefined for the task's own number
 * @throws EvaluateError for rows that are there but wrong, and for asked-for examples without a file to draw them from
 */
export async function prepareTask(
  task: Task,
  loadRows: RowLoader,
  { limit, fewShot }: { limit?: number | null | undefined; fewShot?: number | undefined },
): Promise<PreparedTask> {
  const shots = shotsFor(task, fewShot);
  const loaded = await loadRows(task, 'scored');
  if (loaded.status === 'unavailable') return { ...loaded, task };
  const questions = readQuestions(task, loaded.rows);
  const pool = shots === 0 ? [] : await loadPool(task, shots, loadRows, questions);
  if ('reason' in pool) return { status: 'unavailable', task, reason: pool.reason };

  const sample = fewShotSampler(task, shots, pool);
  const items = questions.slice(0, limited(questions.length, limit)).map((document) => {
    const requests = renderRequests(document.question, sample(document), task);
    return { id: itemId(requests), question: document.question, requests };
  });
  return { status: 'ready', task, shots, items };
}

/** Examples that a task always has (MMLU) may be missing like its rows; examples that were asked for may not. */
async function loadPool(
  task: Task,
  shots: number,
  loadRows: RowLoader,
  scored: readonly LoadedQuestion[],
): Promise<readonly LoadedQuestion[] | { reason: string }> {
  if (task.fewShot.pool === 'scored') return scored;
  const loaded = await loadRows(task, task.fewShot.pool);
  if (loaded.status === 'loaded') return readQuestions(task, loaded.rows);
  const reason = `the ${String(shots)} few-shot examples have no source: ${loaded.reason}`;
  if (task.fewShot.shots > 0) return { reason };
  throw new EvaluateError(
    'no-few-shot-rows',
    `${task.name}: ${reason}. Add that file or evaluate ${task.name} with 0 examples.`,
  );
}
