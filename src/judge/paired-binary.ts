import { logGamma, normalQuantile } from './special-functions.ts';

/** Bounds of a confidence interval, in the unit of the estimate. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Exact two-sided McNemar test: the probability, if each discordant pair fell on either side by a fair coin, of a
 * split at least as uneven as `onlyHead` : `onlyBase`. Equals `scipy.stats.binomtest(onlyHead, onlyHead + onlyBase)`.
 * The mid-p variant is not used: it can exceed the nominal error rate, and a false alarm costs more here than a little power.
 */
export function exactMcNemar(onlyHead: number, onlyBase: number): number {
  const n = onlyHead + onlyBase;
  const fewer = Math.min(onlyHead, onlyBase);
  if (n === 2 * fewer) return 1;
  // From the largest term down, each one the previous times k / (n − k + 1): no term is lost to underflow early.
  const logLargest =
    logGamma(n + 1) - logGamma(fewer + 1) - logGamma(n - fewer + 1) - n * Math.LN2 + Math.LN2;
  let term = 1;
  let sum = 1;
  for (let k = fewer; k > 0 && term > 1e-18; k--) {
    term *= k / (n - k + 1);
    sum += term;
  }
  return Math.min(1, Math.exp(logLargest) * sum);
}

/**
 * Tango's score interval for the difference (onlyHead − onlyBase) / n of two paired proportions:
 * T. Tango, Statistics in Medicine 17 (1998) 891–908; same as R's `PropCIs::scoreci.mp(onlyBase, onlyHead, n)`.
 * Unlike the Wald interval it has a width above zero when no pair is discordant (± z² / (n + z²)).
 */
export function tangoInterval(onlyHead: number, onlyBase: number, n: number, confidence: number): Interval {
  const z = normalQuantile(1 - (1 - confidence) / 2);
  const estimate = (onlyHead - onlyBase) / n;
  const score = (delta: number): number => tangoScore(onlyHead, onlyBase, n, delta);
  return {
    lower: bisect(-1, estimate, (delta) => score(delta) > z),
    upper: bisect(estimate, 1, (delta) => score(delta) > -z),
  };
}

/** Score statistic for the hypothesis that the difference is `delta`; falls as `delta` grows. */
function tangoScore(b: number, c: number, n: number, delta: number): number {
  const linear = -b - c + (2 * n - b + c) * delta;
  const constant = -c * delta * (1 - delta);
  // Maximum-likelihood estimate of the "only base" probability under the hypothesis (Tango 1998, section 3).
  const onlyBase = (Math.sqrt(Math.max(0, linear * linear - 8 * n * constant)) - linear) / (4 * n);
  const variance = n * (2 * onlyBase + delta * (1 - delta));
  const distance = b - c - n * delta;
  if (Math.abs(distance) < 1e-12) return 0;
  return variance <= 0 ? Math.sign(distance) * Infinity : distance / Math.sqrt(variance);
}

/** The point between `low` and `high` where `isLeft` turns from true to false. */
function bisect(low: number, high: number, isLeft: (x: number) => boolean): number {
  for (let i = 0; i < 100 && high - low > 1e-14; i++) {
    const middle = (low + high) / 2;
    if (isLeft(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
