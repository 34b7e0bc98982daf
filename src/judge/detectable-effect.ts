import type { Interval } from './paired-binary.ts';
import { normalQuantile } from './special-functions.ts';

/** A difference is called detectable where a run like this one would find it four times in five. */
export const DETECTION_POWER = 0.8;

/**
 * The smallest true difference (fraction, at most 1) that a comparison with this interval would have called significant
 * with a power of 80 %, as one of `family` tests under Holm's (first, strictest) threshold.
 * The standard error is read off the interval, so it also holds where no pair was discordant.
 */
export function smallestDetectableDifference(interval: Interval, confidence: number, family: number): number {
  const alpha = 1 - confidence;
  const standardError = (interval.upper - interval.lower) / (2 * normalQuantile(1 - alpha / 2));
  const reach = normalQuantile(1 - alpha / (2 * family)) + normalQuantile(DETECTION_POWER);
  return Math.min(1, reach * standardError);
}

/**
 * Items with which a difference of `wanted` (fraction) would be detectable, given that `items` detect `detectable`;
 * the error falls with the square root of their number. Undefined where no number is enough (`wanted` = 0).
 */
export function itemsToDetect(wanted: number, items: number, detectable: number): number | undefined {
  if (wanted <= 0) return undefined;
  return Math.max(items + 1, Math.ceil(items * (detectable / wanted) ** 2));
}
