import { margin, mean, standardError } from './metrics.ts';
import type { PreparedItem } from './prepare-task.ts';
import type { ItemResult } from './result.ts';

const SIGNALS = ['margin', 'bits_per_byte'] as const;

/**
 * What an item says beyond right or wrong; small models are hardly told apart by accuracy on these tasks.
 * `margin`: nats between the right choice and the best other. `bits_per_byte`: the right answer's information,
 * -log2 p / UTF-8 bytes, over everything that is scored (the delimiter in front of the answer included).
 * Empty where several choices are true: there is no one right answer.
 */
export function signalsOf(
  { question, requests }: PreparedItem,
  loglikelihoods: readonly number[],
): Partial<Record<(typeof SIGNALS)[number], number>> {
  if (question.kind === 'continuations' && question.labels !== undefined) return {};
  const lead = margin(question, loglikelihoods);
  const answer = requests[question.gold];
  const value = loglikelihoods[question.gold];
  if (answer === undefined || value === undefined) return {};
  const bytes = new TextEncoder().encode(answer.continuation).length;
  return {
    ...(lead === undefined ? {} : { margin: lead }),
    ...(bytes === 0 ? {} : { bits_per_byte: -value / Math.LN2 / bytes }),
  };
}

/** Means of the signals over the items that have them, with the standard error of the mean. */
export function meanSignals(items: readonly Pick<ItemResult, 'scores'>[]): Record<string, number | 'N/A'> {
  const means: Record<string, number | 'N/A'> = {};
  for (const signal of SIGNALS) {
    const values = items.flatMap(({ scores }) => scores[signal] ?? []);
    if (values.length === 0) continue;
    means[signal] = mean(values);
    means[`${signal}_stderr`] = standardError(values);
  }
  return means;
}
