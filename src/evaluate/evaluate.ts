import { setImmediate } from 'node:timers/promises';
import type { Tokenizer } from '../data/tokenizer.ts';
import { silentProgress } from '../progress.ts';
import type { Progress } from '../progress.ts';
import type { CustomTask } from './custom/custom-task.ts';
import { requestEncoder } from './encode-request.ts';
import type { RequestEncoder } from './encode-request.ts';
import { groupResults } from './group-results.ts';
import type { RowLoader } from './load-rows.ts';
import { prepareTask } from './prepare-task.ts';
import type { PreparedTask } from './prepare-task.ts';
import { changesTokens, protocolOptions, protocolScores, protocolTask } from './protocol.ts';
import type {
  GroupResult,
  Loglikelihood,
  Protocol,
  ProtocolScore,
  Scorer,
  TaskResult,
  TokenRequest,
} from './result.ts';
import type { ScoreJournal } from './score-journal.ts';
import { scoreRequests } from './score-requests.ts';
import { scoreTask } from './score-task.ts';
import { selectTasks } from './tasks/registry.ts';
import type { TaskSelection } from './tasks/registry.ts';

/** Encoding all of MMLU takes a while: signals and the progress display get a turn now and then. */
const ITEMS_BETWEEN_PAUSES = 100;

export interface EvaluateOptions {
  /** Names of tasks and groups, `nine`, `mmlu`, and those of `custom`. */
  readonly tasks: readonly string[];
  /** Tasks of the user's own by the name they have in `tasks` (the path of their file). */
  readonly custom?: ReadonlyMap<string, CustomTask> | undefined;
  readonly loadRows: RowLoader;
  readonly protocol?: Protocol | undefined;
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
  /** Scores of an earlier run that was interrupted; what is scored now is added. */
  readonly journal?: ScoreJournal | undefined;
  readonly progress?: Progress | undefined;
}

export interface Evaluation {
  readonly tasks: Readonly<Record<string, TaskResult>>;
  readonly groups: Readonly<Record<string, GroupResult>>;
  readonly protocol: Protocol;
  /** With the protocol `inheritune-2024` only. */
  readonly protocolScores?: Readonly<Record<string, ProtocolScore>>;
}

/**
 * Evaluates a model as lm-eval 0.4.13 does, item by item and in its order.
 * Everything is read, rendered and encoded before the scorer is called, once, with all requests of all tasks: bad input
 * ends the run before any computing, and the scorer can share work between requests.
 * @throws EvaluateError for unknown tasks, bad rows, missing examples and requests that the model cannot take
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { progress = silentProgress, protocol = 'lm-eval-0.4.13', custom } = options;
  const { addBos, fewShot } = protocolOptions(options);
  const selection = selectTasks(options.tasks, namesOf(custom));
  const encoding = (bos: boolean | undefined): RequestEncoder =>
    requestEncoder(options.tokenizer, { maxLength: options.maxLength, addBos: bos });

  const { asked, standard } = await prepareAll(selection, options, fewShot);
  const encoded = await encodeTasks(asked, encoding(addBos), progress);
  // By lm-eval a BOS may stand where the protocol has none.
  const standardEncoded = await encodeTasks(standard, encoding(options.addBos), progress);
  const requests = [encoded, standardEncoded].flat(3);
  const scores = await scoreRequests(requests, options.scorer, options.journal, progress);

  const next = { at: 0 };
  const tasks = resultsOf(asked, encoded, scores, next);
  const groups = groupResults(selection.groups, tasks);
  if (protocol === 'lm-eval-0.4.13') return { tasks, groups, protocol };
  const standardResults = resultsOf(standard, standardEncoded, scores, next);
  return { tasks, groups, protocol, protocolScores: protocolScores(tasks, groups, standardResults) };
}

function namesOf(custom: EvaluateOptions['custom']) {
  return new Map([...(custom ?? [])].map(([name, { task }]) => [name, task]));
}

/** The tasks asked for, and by lm-eval's own definition those of which the protocol asks something else. */
async function prepareAll(
  { tasks }: TaskSelection,
  options: EvaluateOptions,
  fewShot: number | undefined,
): Promise<{ asked: PreparedTask[]; standard: PreparedTask[] }> {
  const { loadRows, limit, protocol, custom } = options;
  const allChange = changesTokens(options.tokenizer, options);
  const loaders = new Map([...(custom?.values() ?? [])].map((entry) => [entry.task, entry.loadRows]));
  const asked: PreparedTask[] = [];
  const standard: PreparedTask[] = [];
  for (const task of tasks) {
    const changed = protocolTask(task, protocol);
    const prepared = await prepareTask(changed, loaders.get(task) ?? loadRows, { limit, fewShot });
    asked.push(prepared);
    if (changed !== task) standard.push(await prepareTask(task, loadRows, { limit, fewShot }));
    else if (allChange) standard.push(prepared);
  }
  return { asked, standard };
}

function resultsOf(
  prepared: readonly PreparedTask[],
  encoded: readonly TokenRequest[][][],
  scores: readonly Loglikelihood[],
  next: { at: number },
): Record<string, TaskResult> {
  const results: Record<string, TaskResult> = {};
  for (const [index, entry] of prepared.entries()) {
    if (entry.status === 'unavailable') {
      results[entry.task.name] = { status: 'unavailable', reason: entry.reason };
      continue;
    }
    const scored = encoded[index]!.map((item) => ({
      scores: scores.slice(next.at, (next.at += item.length)),
      truncated: item.some((request) => request.truncated > 0),
    }));
    results[entry.task.name] = scoreTask(entry, scored);
  }
  return results;
}

/** Token requests by task, item and choice; no items for a task without data. */
async function encodeTasks(
  prepared: readonly PreparedTask[],
  encode: RequestEncoder,
  progress: Progress,
): Promise<TokenRequest[][][]> {
  if (prepared.length === 0) return [];
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
