import { seededBits } from './seeded-random.ts';

/** 9,999 resamples and the observed one: p-values in steps of 1e-4, fine enough for Holm over a dozen tasks. */
export const DEFAULT_RESAMPLES = 9_999;

/** Up to 2^13 = 8,192 sign patterns are all counted instead of sampled. */
const LARGEST_EXACT = 13;

/**
 * Two-sided paired permutation (sign-flip) test: under the null hypothesis base and head could be swapped in each
 * independent unit, so every sign of `contributions` was equally likely. The statistic is the absolute sum.
 * Exact for up to 13 non-zero units, else (1 + hits) / (1 + resamples) with a seeded generator
 * (Phipson & Smyth 2010), which is never zero and never anti-conservative.
 */
export function signFlipTest(
  contributions: readonly number[],
  options: { readonly seed: number; readonly resamples: number },
): number {
  const sizes = Float64Array.from(contributions.filter((value) => value !== 0).map(Math.abs));
  const total = sizes.reduce((sum, value) => sum + value, 0);
  if (sizes.length === 0) return 1;
  // Sums of the same terms in another order differ in the last bits; a tie counts as a hit.
  const observed = Math.abs(contributions.reduce((sum, value) => sum + value, 0)) - 1e-12 * total;
  return sizes.length <= LARGEST_EXACT
    ? countAllSigns(sizes, total, observed)
    : sampleSigns(sizes, total, observed, options);
}

function countAllSigns(sizes: Float64Array, total: number, observed: number): number {
  const patterns = 2 ** sizes.length;
  let hits = 0;
  for (let pattern = 0; pattern < patterns; pattern++) {
    let negative = 0;
    for (let i = 0; i < sizes.length; i++) if ((pattern >>> i) & 1) negative += sizes[i]!;
    if (Math.abs(total - 2 * negative) >= observed) hits++;
  }
  return hits / patterns;
}

function sampleSigns(
  sizes: Float64Array,
  total: number,
  observed: number,
  { seed, resamples }: { readonly seed: number; readonly resamples: number },
): number {
  const bits = seededBits(seed);
  let hits = 0;
  for (let round = 0; round < resamples; round++) {
    let negative = 0;
    let word = 0;
    for (let i = 0; i < sizes.length; i++) {
      word = (i & 31) === 0 ? bits() : word >>> 1;
      negative += sizes[i]! * (word & 1);
    }
    if (Math.abs(total - 2 * negative) >= observed) hits++;
  }
  return (1 + hits) / (1 + resamples);
}
