import type { Judgement } from '../judge/judgement.ts';
import { confidenceText, count, fixed, signed, signedPoints } from './number-format.ts';
import { taskLabel } from './task-names.ts';

/** Tasks named in one line; the table has them all. */
const NAMED = 3;

/** The verdict in one line. Not escaped. */
export function verdictLine(judgement: Judgement): string {
  const { overall, pooled, gates } = judgement;
  const mean =
    pooled === undefined
      ? ''
      : `${signedPoints(pooled.difference)} points, ${confidenceText(gates.confidence)} interval ` +
        `${signedPoints(pooled.interval.lower)} to ${signedPoints(pooled.interval.upper)}`;
  switch (overall.state) {
    case 'regression': {
      const compared = pooled?.tasks ?? 0;
      if (overall.lossRise && overall.tasks.length === 0 && !overall.pooledDrop)
        return `Regression of the validation loss: ${lossText(judgement)}`;
      return overall.tasks.length === 0
        ? `Regression of the mean over ${compared} ${plural('task', compared)} (${mean})`
        : `Regression on ${overall.tasks.length} of ${compared} ${plural('task', compared)}: ${listed(overall.tasks.map((task) => taskLabel(task)))} (mean ${mean})`;
    }
    case 'noRegressionLargerThan':
      return isIdentical(judgement)
        ? 'No regression: every log-likelihood is identical'
        : `No regression larger than ${fixed(overall.points, 2)} points on the mean over ${pooled?.tasks ?? 0} ${plural('task', pooled?.tasks ?? 0)} (${mean})`;
    case 'cannotTell':
      return `Cannot tell: the mean moved by ${mean}, and this run could only have seen ${fixed(overall.smallestDetectablePoints, 2)} points or more`;
    case 'missing':
      return `Missing in head: ${listed(overall.tasks.map((task) => taskLabel(task)))}`;
    case 'incomparable':
      return `Incomparable: ${listed([...new Set(overall.differences.map(({ field }) => field))])} differs between base and head`;
  }
}

/** What the reader should do now; `fullSplits`: base was evaluated without a limit. Not escaped. */
export function nextStep({ overall, gates, pooled }: Judgement, fullSplits: boolean): string {
  const accepted = `${fixed(gates.maximumDropPoints, 2)} points`;
  switch (overall.state) {
    case 'regression':
      return 'find the change that cost these points, starting with the tasks below; if the drop is intended, record head as the new baseline. Judging the same two results again gives the same verdict.';
    case 'noRegressionLargerThan':
      return `nothing. A drop of more than ${accepted} is ruled out for the mean; single tasks below may still be undecided.`;
    case 'cannotTell':
      if (overall.itemsNeeded === undefined) {
        return 'set a maximum drop above 0 points: no number of items can show that nothing at all was lost.';
      }
      if (fullSplits) {
        return `the datasets are used up, and ${accepted} is less than they can show: accept a larger drop, or look at the validation loss and the margins below, which see smaller changes. This is neither a pass nor a regression.`;
      }
      return `evaluate more items: about ${count(overall.itemsNeeded)} in all instead of ${count(pooled?.items ?? 0)} would show a drop of ${accepted} four times out of five. This is neither a pass nor a regression.`;
    case 'missing':
      return 'evaluate head with the same tasks and data as base; if a task was removed on purpose, record head as the new baseline.';
    case 'incomparable':
      return 'evaluate base and head with the same data, limit, protocol, few-shot examples, device and precision, then compare again.';
  }
}

/** The validation loss in one sentence; empty where there is none to speak of. Not escaped. */
export function lossText({ validation, gates }: Judgement): string {
  if (validation.status === 'absent') return '';
  const { base, head, difference } = validation;
  const change = `${fixed(base, 4)} → ${fixed(head, 4)} nats per token (${signed(difference, 4)}`;
  if (validation.status === 'unknown')
    return `${change}); whether that is more than chance is unknown: ${validation.reason}`;
  const { interval, seeds, decision } = validation;
  const judged = `${change}, ${confidenceText(gates.confidence)} interval ${signed(interval.lower, 4)} to ${signed(interval.upper, 4)}, ${seeds.base} and ${seeds.head} seeds)`;
  switch (decision.state) {
    case 'regression':
      return `${judged}: a regression`;
    case 'noRegressionLargerThan':
      return `${judged}: no rise above ${fixed(decision.nats, 3)}`;
    case 'cannotTell':
      return `${judged}: cannot tell, these seeds could only have shown ${fixed(decision.smallestDetectableNats, 3)} or more`;
  }
}

function isIdentical({ tasks }: Judgement): boolean {
  return tasks.every((task) => !('compared' in task) || task.compared.identical);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).join(', ');
  return names.length > NAMED ? `${shown} and ${names.length - NAMED} more` : shown;
}

function plural(word: string, n: number): string {
  return n === 1 ? word : `${word}s`;
}
