import type { Interval } from './paired-binary.ts';
import { JudgeError } from './gates.ts';
import { studentQuantile, studentTwoSided } from './special-functions.ts';
import { DETECTION_POWER } from './detectable-effect.ts';

/** Validation losses (nats per token) of the runs of one recipe that differ in their seeds only. */
export interface ValidationSides {
  readonly base: readonly number[];
  readonly head: readonly number[];
}

export type ValidationComparison =
  | {
      readonly status: 'compared';
      readonly base: number;
      readonly head: number;
      /** head − base in nats: above zero is worse. */
      readonly difference: number;
      readonly interval: Interval;
      /** Two-sided, not adjusted for the tasks. */
      readonly pValue: number;
      readonly seeds: { readonly base: number; readonly head: number };
      /** Standard deviation between seeds, pooled over both sides (nats). */
      readonly seedDeviation: number;
      /** Nats, found four times in five. */
      readonly smallestDetectable: number;
    }
  /** There are losses and no spread to judge them by: a difference of two runs says nothing about two recipes. */
  | {
      readonly status: 'unknown';
      readonly base: number;
      readonly head: number;
      readonly difference: number;
      readonly reason: string;
    }
  | { readonly status: 'absent'; readonly reason: string };

/**
 * Student's two-sample t test of the validation loss with the seed spread pooled over both sides (as MLPerf's reference
 * convergence points are tested), so that one new run can be judged against several old ones.
 * @param family tests of the report under Holm's correction, for the smallest detectable difference
 * @throws JudgeError for a loss that is no number
 */
export function compareValidation(
  { base, head }: ValidationSides,
  confidence: number,
  family: number,
): ValidationComparison {
  const broken = [...base, ...head].find((loss) => !Number.isFinite(loss));
  if (broken !== undefined) {
    throw new JudgeError(
      'scoreNotFinite',
      `A validation loss is ${broken}. Train again: such a loss is a failure, not a value.`,
    );
  }
  if (base.length === 0 || head.length === 0) {
    const side = base.length === 0 ? (head.length === 0 ? 'neither side' : 'base') : 'head';
    return {
      status: 'absent',
      reason: side === 'neither side' ? 'neither side has one' : `${side} has none`,
    };
  }
  const [left, right] = [mean(base), mean(head)];
  const difference = right - left;
  const degrees = base.length + head.length - 2;
  const shared = { base: left, head: right, difference };
  if (degrees < 1)
    return {
      status: 'unknown',
      ...shared,
      reason: 'one seed on each side: how far two seeds differ is not known',
    };
  const variance = (squares(base, left) + squares(head, right)) / degrees;
  if (variance === 0)
    return {
      status: 'unknown',
      ...shared,
      reason: 'all seeds have the same loss: they are copies of one run',
    };
  const standardError = Math.sqrt(variance * (1 / base.length + 1 / head.length));
  const reach = studentQuantile(1 - (1 - confidence) / 2, degrees) * standardError;
  const detection =
    studentQuantile(1 - (1 - confidence) / (2 * family), degrees) + studentQuantile(DETECTION_POWER, degrees);
  return {
    status: 'compared',
    ...shared,
    interval: { lower: difference - reach, upper: difference + reach },
    pValue: studentTwoSided(difference / standardError, degrees),
    seeds: { base: base.length, head: head.length },
    seedDeviation: Math.sqrt(variance),
    smallestDetectable: detection * standardError,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function squares(values: readonly number[], centre: number): number {
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}
