import { headlineMetric } from '../judge/headline-metric.ts';
import type { JudgedResult, JudgedTask } from '../judge/judged-result.ts';
import type { Interval } from '../judge/paired-binary.ts';
import { normalQuantile } from '../judge/special-functions.ts';

export type Estimate =
  | { readonly status: 'measured'; readonly value: number; readonly interval: Interval }
  | { readonly status: 'notMeasured'; readonly reason: string };

/** First and second moments of the means of two models over the same items. */
interface Moments {
  readonly head: number;
  readonly base: number;
  readonly headVariance: number;
  readonly baseVariance: number;
  readonly covariance: number;
}

/** A model's mean over tasks with the normal interval of its standard error. */
export function meanScore(result: JudgedResult, tasks: readonly string[], confidence: number): Estimate {
  const moments = pooled(result, result, tasks);
  if (typeof moments === 'string') return { status: 'notMeasured', reason: moments };
  const reach = normalQuantile(1 - (1 - confidence) / 2) * Math.sqrt(moments.headVariance);
  const { head } = moments;
  return { status: 'measured', value: head, interval: { lower: head - reach, upper: head + reach } };
}

/**
 * head's mean as a share of base's, with Fieller's interval (E. Fieller, J. R. Stat. Soc. B 16 (1954) 175–185) from variances
 * and covariance over the same items. Not measured where base's mean could be zero: the share could then be anything.
 */
export function shareOf(
  base: JudgedResult,
  head: JudgedResult,
  tasks: readonly string[],
  confidence: number,
): Estimate {
  const moments = pooled(base, head, tasks);
  if (typeof moments === 'string') return { status: 'notMeasured', reason: moments };
  const z2 = normalQuantile(1 - (1 - confidence) / 2) ** 2;
  const a = moments.base ** 2 - z2 * moments.baseVariance;
  const b = moments.head * moments.base - z2 * moments.covariance;
  const c = moments.head ** 2 - z2 * moments.headVariance;
  if (!(a > 0)) return { status: 'notMeasured', reason: 'the reference’s mean cannot be told from zero' };
  const root = Math.sqrt(Math.max(0, b * b - a * c));
  return {
    status: 'measured',
    value: moments.head / moments.base,
    interval: { lower: (b - root) / a, upper: (b + root) / a },
  };
}

/** Every task with the same weight; `mmlu` is the mean over its subjects, as in the paper. The reason where a task is not there. */
function pooled(base: JudgedResult, head: JudgedResult, tasks: readonly string[]): Moments | string {
  const all: Moments[] = [];
  for (const task of tasks) {
    const members = base.groups[task]?.tasks ?? [task];
    const missing = [...(base.groups[task]?.missing ?? []), ...(head.groups[task]?.missing ?? [])];
    if (missing.length > 0) return `${task} lacks ${missing.length} of its subjects`;
    const parts: Moments[] = [];
    for (const member of members) {
      const moments = ofTask(member, base.tasks[member], head.tasks[member]);
      if (typeof moments === 'string') return moments;
      parts.push(moments);
    }
    all.push(average(parts));
  }
  return average(all);
}

function ofTask(name: string, base: JudgedTask | undefined, head: JudgedTask | undefined): Moments | string {
  if (base?.status !== 'scored' || head?.status !== 'scored') return `${name} was not scored for both models`;
  if (base.itemSetHash !== head.itemSetHash) return `${name} has other items for one of the models`;
  const metric = headlineMetric(name, Object.keys(head.items[0]?.scores ?? {}));
  const read = (task: typeof base): number[] =>
    task.items.map((item) => item.scores[metric ?? ''] ?? Number.NaN);
  const [x, y] = [read(base), read(head)];
  if (![...x, ...y].every(Number.isFinite)) return `${name} has items without a score`;
  if (x.length < 2) return `${name} has one item only`;
  const [meanX, meanY] = [mean(x), mean(y)];
  const clusters = head.items.map((item, i) => item.cluster ?? `item ${i}`);
  const [left, right] = [residualSums(x, meanX, clusters), residualSums(y, meanY, clusters)];
  if (left.length < 2) return `${name} has items of one passage only`;
  return {
    ...{ base: meanX, head: meanY },
    baseVariance: meanProduct(left, left, x.length),
    headVariance: meanProduct(right, right, x.length),
    covariance: meanProduct(left, right, x.length),
  };
}

/** Deviations from the mean, summed over the items of each passage: those are what is independent. */
function residualSums(values: readonly number[], centre: number, clusters: readonly string[]): number[] {
  const sums = new Map<string, number>();
  values.forEach((value, i) => sums.set(clusters[i]!, (sums.get(clusters[i]!) ?? 0) + value - centre));
  return [...sums.values()];
}

/** Covariance of two means of n items, robust to clusters; with one item in each it is the usual one. */
function meanProduct(left: readonly number[], right: readonly number[], n: number): number {
  const units = left.length;
  return (left.reduce((sum, value, i) => sum + value * right[i]!, 0) * units) / (units - 1) / n ** 2;
}

function average(parts: readonly Moments[]): Moments {
  const n = parts.length;
  const sum = (pick: (one: Moments) => number): number => parts.reduce((total, one) => total + pick(one), 0);
  return {
    base: sum((one) => one.base) / n,
    head: sum((one) => one.head) / n,
    baseVariance: sum((one) => one.baseVariance) / n ** 2,
    headVariance: sum((one) => one.headVariance) / n ** 2,
    covariance: sum((one) => one.covariance) / n ** 2,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
