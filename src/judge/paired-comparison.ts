import { JudgeError } from './gates.ts';
import { exactMcNemar, tangoInterval } from './paired-binary.ts';
import type { Interval } from './paired-binary.ts';
import { DEFAULT_RESAMPLES, signFlipTest } from './sign-flip.ts';
import { studentQuantile } from './special-functions.ts';

/** Head against base on the same items; all values in the metric's own unit (a fraction for acc and mc2). */
export interface PairedComparison {
  readonly items: number;
  readonly base: number;
  readonly head: number;
  /** head − base. */
  readonly difference: number;
  /** Confidence interval of `difference`, not adjusted for other tasks. */
  readonly interval: Interval;
  /** Two-sided, not adjusted for other tasks. */
  readonly pValue: number;
  readonly method: 'exactMcNemar' | 'signFlip';
  /** `clustered`: the wider of Student's t over clusters and Tango's. */
  readonly intervalMethod: 'tangoScore' | 'studentT' | 'clustered';
  /** Items that only head, or only base, got right; absent for continuous scores. */
  readonly discordant?: { readonly onlyHead: number; readonly onlyBase: number };
  /** What each independent unit (item, or cluster of items) adds to `difference`. */
  readonly contributions: readonly number[];
}

export interface PairedOptions {
  readonly confidence: number;
  /** Seed of the permutation test; the same inputs and seed give the same p-value everywhere. */
  readonly seed?: number;
  readonly resamples?: number;
  /**
   * One key per item; items with the same key (questions on one passage, say) are not independent and are
   * treated as one unit: signs are flipped together and the standard error is the cluster-robust one
   * (E. Miller, "Adding Error Bars to Evals", 2024, section 2.2).
   */
  readonly clusters?: readonly string[];
}

/**
 * Compares two lists of scores that are paired by position. 0/1 scores: exact McNemar test and Tango's score interval.
 * Other scores, and clustered ones: sign-flip permutation test and Student's t interval of the mean difference, which for
 * clustered 0/1 scores is never narrower than Tango's.
 * Scores must be finite and the lists equally long and not empty (`JudgeError` otherwise).
 */
export function comparePaired(
  base: readonly number[],
  head: readonly number[],
  options: PairedOptions,
): PairedComparison {
  checkScores(base, head, options);
  const items = base.length;
  const differences = head.map((score, i) => score - base[i]!);
  const shared = {
    items,
    base: mean(base),
    head: mean(head),
    difference: mean(differences),
    contributions: sumByCluster(differences, options.clusters).map((sum) => sum / items),
  };
  const isBinary = base.every(isZeroOrOne) && head.every(isZeroOrOne);
  const onlyHead = differences.filter((d) => d > 0).length;
  const onlyBase = differences.filter((d) => d < 0).length;
  if (isBinary && options.clusters === undefined) {
    return {
      ...shared,
      interval: tangoInterval(onlyHead, onlyBase, items, options.confidence),
      pValue: exactMcNemar(onlyHead, onlyBase),
      method: 'exactMcNemar',
      intervalMethod: 'tangoScore',
      discordant: { onlyHead, onlyBase },
    };
  }
  const isFraction = base.every(isInUnit) && head.every(isInUnit);
  const student = studentInterval(
    differences,
    options.clusters,
    options.confidence,
    isFraction ? 1 : Number.POSITIVE_INFINITY,
  );
  return {
    ...shared,
    interval: isBinary
      ? wider(student, tangoInterval(onlyHead, onlyBase, items, options.confidence))
      : student,
    pValue: signFlipTest(shared.contributions, {
      seed: options.seed ?? 1,
      resamples: options.resamples ?? DEFAULT_RESAMPLES,
    }),
    method: 'signFlip',
    intervalMethod: isBinary ? 'clustered' : 'studentT',
    ...(isBinary ? { discordant: { onlyHead, onlyBase } } : {}),
  };
}

/** Student's interval over clusters has no width where no pair is discordant, or where the clusters happen to agree. */
function wider(one: Interval, other: Interval): Interval {
  return { lower: Math.min(one.lower, other.lower), upper: Math.max(one.upper, other.upper) };
}

function studentInterval(
  differences: readonly number[],
  clusters: readonly string[] | undefined,
  confidence: number,
  bound: number,
): Interval {
  const centre = mean(differences);
  const residuals = sumByCluster(
    differences.map((d) => d - centre),
    clusters,
  );
  const units = residuals.length;
  // One unit says nothing about the spread: the interval is all that is possible.
  if (units < 2) return { lower: -bound, upper: bound };
  const squares = residuals.reduce((sum, r) => sum + r * r, 0);
  const standardError = Math.sqrt((squares * units) / (units - 1)) / differences.length;
  const reach = studentQuantile(1 - (1 - confidence) / 2, units - 1) * standardError;
  return { lower: Math.max(-bound, centre - reach), upper: Math.min(bound, centre + reach) };
}

function sumByCluster(values: readonly number[], clusters: readonly string[] | undefined): readonly number[] {
  if (clusters === undefined) return values;
  const sums = new Map<string, number>();
  values.forEach((value, i) => sums.set(clusters[i]!, (sums.get(clusters[i]!) ?? 0) + value));
  return [...sums.values()];
}

function checkScores(base: readonly number[], head: readonly number[], { clusters }: PairedOptions): void {
  if (base.length === 0 || base.length !== head.length || (clusters && clusters.length !== base.length)) {
    throw new JudgeError(
      'unpairedScores',
      `There are ${base.length} scores in base, ${head.length} in head and ${clusters?.length ?? 'no'} cluster keys. Pass as many of each, and at least one.`,
    );
  }
  const broken = [...base, ...head].find((score) => !Number.isFinite(score));
  if (broken !== undefined) {
    throw new JudgeError(
      'scoreNotFinite',
      `A score is ${broken}. Evaluate again: such a score is a failure, not a value.`,
    );
  }
}

function isInUnit(score: number): boolean {
  return score >= 0 && score <= 1;
}

function isZeroOrOne(score: number): boolean {
  return score === 0 || score === 1;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
