import { pythonLength } from './python-strip.ts';
import type { Question } from './tasks/task.ts';

/** One number per item; a task's value is the mean over its items. */
export interface Metric {
  /** The key in `metrics` and `scores`, lm-eval's. */
  readonly name: string;
  /** @param loglikelihoods nats, finite, in choice order */
  readonly ofItem: (question: Question, loglikelihoods: readonly number[]) => number;
}

/** 1 where the right choice has the highest log-likelihood. */
export const accuracy: Metric = {
  name: 'acc',
  ofItem: (question, loglikelihoods) => Number(firstMaximum(loglikelihoods) === question.gold),
};

/** The same after dividing by the choice's length in characters (code points, without the space in front), not bytes or tokens. */
export const normalisedAccuracy: Metric = {
  name: 'acc_norm',
  ofItem: (question, loglikelihoods) => {
    const choices = question.kind === 'contexts' ? question.contexts : question.choices;
    const perCharacter = loglikelihoods.map((value, index) => value / pythonLength(choices[index]!));
    return Number(firstMaximum(perCharacter) === question.gold);
  },
};

/**
 * TruthfulQA's mc2, which lm-eval calls `acc`: the true choices' share of the probability of all choices.
 * The maximum is taken out first; lm-eval does not, and gets NaN where every choice is below e^-745.
 */
export const truthMass: Metric = {
  name: 'acc',
  ofItem: (question, loglikelihoods) => {
    const highest = Math.max(...loglikelihoods);
    const masses = loglikelihoods.map((value) => Math.exp(value - highest));
    return sum(masses.filter((_, index) => labelsOf(question)[index] === 1)) / sum(masses);
  },
};

/**
 * Log-likelihood of the right choice minus that of the best other one (nats): moves long before accuracy does.
 * Undefined where several choices are true or there is no other.
 */
export function margin(question: Question, loglikelihoods: readonly number[]): number | undefined {
  if (question.kind === 'continuations' && question.labels !== undefined) return undefined;
  const others = loglikelihoods.filter((_, index) => index !== question.gold);
  return others.length === 0 ? undefined : loglikelihoods[question.gold]! - Math.max(...others);
}

/** Index of the highest value, the lowest such index in a tie (numpy's argmax). */
export function firstMaximum(values: readonly number[]): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index]! > values[best]!) best = index;
  return best;
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/**
 * Standard error of the mean: sample standard deviation (n - 1) over the root of n, for every metric here alike.
 * "N/A" for one item, as lm-eval writes it. Source: lm-eval `api/metrics.py`, `mean_stderr`.
 */
export function standardError(values: readonly number[]): number | 'N/A' {
  if (values.length < 2) return 'N/A';
  const centre = mean(values);
  const variance = sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1);
  return Math.sqrt(variance / values.length);
}

/**
 * Standard error of the micro average of several tasks from theirs. "N/A" where one of them is.
 * Source: lm-eval `api/metrics.py`, `pooled_sample_stderr`.
 */
export function pooledStandardError(
  parts: readonly { stderr: number | 'N/A'; docs: number }[],
): number | 'N/A' {
  const docs = sum(parts.map((part) => part.docs));
  let squares = 0;
  for (const part of parts) {
    if (part.stderr === 'N/A') return 'N/A';
    squares += (part.docs - 1) * part.docs * part.stderr ** 2;
  }
  return Math.sqrt(squares / (docs - parts.length) / docs);
}

/** Number of choices of a question. */
export function choiceCount(question: Question): number {
  return question.kind === 'contexts' ? question.contexts.length : question.choices.length;
}

/** 1 for each true choice, 0 for the others. */
export function labelsOf(question: Question): readonly number[] {
  if (question.kind === 'continuations' && question.labels !== undefined) return question.labels;
  return Array.from({ length: choiceCount(question) }, (_, index) => Number(index === question.gold));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
