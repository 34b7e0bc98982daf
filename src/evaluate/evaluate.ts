import { setImmediate } from 'node:timers/promises';
import type { Tokenizer } from '../data/tokenizer.ts';
import { EXIT } from '../errors.ts';
import { silentProgress } from '../progress.ts';
import type { Progress } from '../progress.ts';
import { requestEncoder } from './encode-request.ts';
import type { RequestEncoder } from './encode-request.ts';
import { EvaluateError } from './evaluate-error.ts';
import { groupResults } from './group-results.ts';
import type { RowLoader } from './load-rows.ts';
import { prepareTask } from './prepare-task.ts';
import type { PreparedTask } from './prepare-task.ts';
import type { GroupResult, Scorer, TaskResult, TokenRequest } from './result.ts';
import { scoreTask } from './score-task.ts';
import { selectTasks } from './tasks/registry.ts';

/** Encoding all of MMLU takes a while: signals and the progress display get a turn now and then. */
const ITEMS_BETWEEN_PAUSES = 100;

export interface EvaluateOptions {
  /** Names of tasks and groups, `nine`, `mmlu`. */
  readonly tasks: readonly string[];
  readonly loadRows: RowLoader;
  /** The first N documents of each task (of each MMLU subject); below 1 a share of them; null or unset for all. */
  readonly limit?: number | null | undefined;
  /** Examples before each question, as lm-eval's --num_fewshot; unset for each task's own number. */
  readonly fewShot?: number | undefined;
  readonly tokenizer: Tokenizer;
  /** The model's context length in tokens. */
  readonly maxLength: number;
  /** lm-eval's `add_bos_token`; unset means whatever the tokenizer does. */
  readonly addBos?: boolean | undefined;
  readonly scorer: Scorer;
  readonly progress?: Progress | undefined;
}

export interface Evaluation {
  readonly tasks: Readonly<Record<string, TaskResult>>;
  readonly groups: Readonly<Record<string, GroupResult>>;
}

/**
 * Evaluates a model as lm-eval 0.4.13 does, item by item and in its order.
 * Everything is read, rendered and encoded before the scorer is called, once, with all requests of all tasks: bad input
 * ends the run before any computing, and the scorer can share work between requests.
 * @throws EvaluateError for unknown tasks, bad rows, missing examples and requests that the model cannot take
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { progress = silentProgress } = options;
  const selection = selectTasks(options.tasks);
  const encoder = requestEncoder(options.tokenizer, options);

  const prepared: PreparedTask[] = [];
  for (const task of selection.tasks) prepared.push(await prepareTask(task, options.loadRows, options));
  const encoded = await encodeTasks(prepared, encoder, progress);
  const requests = encoded.flat(2);
  const scores = requests.length === 0 ? [] : await options.scorer(requests);
  if (scores.length !== requests.length) {
    throw new EvaluateError(
      'bad-scorer',
      `The scorer answered ${String(scores.length)} of ${String(requests.length)} requests. It must answer each, in order.`,
      { exitCode: EXIT.failed },
    );
  }

  const tasks: Record<string, TaskResult> = {};
  let next = 0;
  for (const [index, entry] of prepared.entries()) {
    if (entry.status === 'unavailable') {
      tasks[entry.task.name] = { status: 'unavailable', reason: entry.reason };
      continue;
    }
    const scored = encoded[index]!.map((item) => ({
      scores: scores.slice(next, (next += item.length)),
      truncated: item.some((request) => request.truncated > 0),
    }));
    tasks[entry.task.name] = scoreTask(entry, scored);
  }
  return { tasks, groups: groupResults(selection.groups, tasks) };
}

/** Token requests by task, item and choice; no items for a task without data. */
async function encodeTasks(
  prepared: readonly PreparedTask[],
  encode: RequestEncoder,
  progress: Progress,
): Promise<TokenRequest[][][]> {
  const total = prepared.reduce((sum, entry) => sum + (entry.status === 'ready' ? entry.items.length : 0), 0);
  const step = progress.start('Encoding questions', total, 'items');
  const encoded: TokenRequest[][][] = [];
  try {
    for (const entry of prepared) {
      const items: TokenRequest[][] = [];
      encoded.push(items);
      if (entry.status === 'unavailable') continue;
      for (const [index, { requests }] of entry.items.entries()) {
        items.push(
          requests.map((request, choice) =>
            encode(request, `${entry.task.name} item ${String(index)}, choice ${String(choice)}`),
          ),
        );
        step.advance(1);
        if (index % ITEMS_BETWEEN_PAUSES === 0) await setImmediate();
      }
    }
  } finally {
    step.end();
  }
  return encoded;
}
