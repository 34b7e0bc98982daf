import { createHash } from 'node:crypto';
import { baselinesOf } from './baselines.ts';
import { mean, standardError } from './metrics.ts';
import type { PreparedItem, PreparedTask } from './prepare-task.ts';
import type { ItemResult, Loglikelihood, TaskResult } from './result.ts';
import { meanSignals, signalsOf } from './signals.ts';

/** The scorer's answers for one item and whether its prompt was cut. */
export interface ScoredItem {
  /** In choice order. */
  readonly scores: readonly Loglikelihood[];
  readonly truncated: boolean;
}

/**
 * A task's result from the log-likelihoods of its items.
 * One log-likelihood that is not finite fails the task and is named: NaN compares as "not higher", so it would pass for
 * a wrong or, at index 0, a right answer.
 */
export function scoreTask(
  { task, shots, items }: PreparedTask & { status: 'ready' },
  scored: readonly ScoredItem[],
): TaskResult {
  const results: ItemResult[] = [];
  for (const [index, item] of items.entries()) {
    const { scores } = scored[index]!;
    const broken = scores.findIndex(({ loglikelihood }) => !Number.isFinite(loglikelihood));
    if (broken !== -1) {
      const value = String(scores[broken]!.loglikelihood);
      return {
        status: 'failed',
        reason: `${task.name} item ${String(index)} (${item.id}): the log-likelihood of choice ${String(broken)} is ${value}`,
      };
    }
    results.push(itemResult(item, scores, task.metrics));
  }
  const metrics: Record<string, number | 'N/A'> = {};
  for (const { name } of task.metrics) {
    const values = results.map((result) => result.scores[name]!);
    metrics[name] = mean(values);
    metrics[`${name}_stderr`] = standardError(values);
  }
  return {
    status: 'scored',
    metrics,
    signals: meanSignals(results),
    baselines: baselinesOf(
      items.map((item) => item.question),
      task.rightFirst,
    ),
    docs: items.length,
    version: task.version,
    fewShot: shots,
    itemSetHash: createHash('sha256')
      .update(items.map((item) => item.id).join('\n'))
      .digest('hex'),
    truncatedItems: scored.filter((item) => item.truncated).length,
    items: results,
  };
}

function itemResult(
  item: PreparedItem,
  answers: readonly Loglikelihood[],
  metrics: (PreparedTask & { status: 'ready' })['task']['metrics'],
): ItemResult {
  const { id, question } = item;
  const loglikelihoods = answers.map((answer) => answer.loglikelihood);
  const scores: Record<string, number> = {};
  for (const metric of metrics) scores[metric.name] = metric.ofItem(question, loglikelihoods);
  Object.assign(scores, signalsOf(item, loglikelihoods));
  return {
    id,
    ...(question.sharedText === undefined ? {} : { cluster: clusterKey(question.sharedText) }),
    loglikelihoods,
    greedy: answers.map((answer) => answer.greedy),
    gold: question.kind === 'continuations' ? (question.labels ?? question.gold) : question.gold,
    scores,
  };
}

/** 64 bits of the text's sha256: two passages of a task meet by chance once in 10^11 tasks. */
function clusterKey(sharedText: string): string {
  return createHash('sha256').update(sharedText).digest('hex').slice(0, 16);
}
