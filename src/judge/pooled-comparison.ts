import type { Interval } from './paired-binary.ts';
import type { PairedComparison, PairedOptions } from './paired-comparison.ts';
import { DEFAULT_RESAMPLES, signFlipTest } from './sign-flip.ts';

/** The unweighted mean over tasks of base, head and their paired difference, in fractions. */
export interface PooledComparison {
  readonly tasks: number;
  readonly items: number;
  readonly base: number;
  readonly head: number;
  readonly difference: number;
  readonly interval: Interval;
  readonly pValue: number;
}

/**
 * Pools tasks into one score, each with the same weight, items drawn independently within each task.
 * The interval recovers each task's variance from its own interval (MOVER; G. Zou & A. Donner, Statistics in
 * Medicine 27 (2008) 1693–1702), so that a task without discordant pairs still adds its uncertainty.
 * The p-value is a sign-flip test over the units of all tasks. `comparisons` must not be empty.
 */
export function poolComparisons(
  comparisons: readonly PairedComparison[],
  options: Pick<PairedOptions, 'seed' | 'resamples'>,
): PooledComparison {
  const tasks = comparisons.length;
  const average = (pick: (one: PairedComparison) => number): number =>
    comparisons.reduce((sum, one) => sum + pick(one), 0) / tasks;
  const difference = average((one) => one.difference);
  const below = Math.hypot(...comparisons.map((one) => one.difference - one.interval.lower)) / tasks;
  const above = Math.hypot(...comparisons.map((one) => one.interval.upper - one.difference)) / tasks;
  return {
    tasks,
    items: comparisons.reduce((sum, one) => sum + one.items, 0),
    base: average((one) => one.base),
    head: average((one) => one.head),
    difference,
    interval: { lower: difference - below, upper: difference + above },
    pValue: signFlipTest(
      comparisons.flatMap((one) => one.contributions.map((value) => value / tasks)),
      { seed: options.seed ?? 1, resamples: options.resamples ?? DEFAULT_RESAMPLES },
    ),
  };
}
