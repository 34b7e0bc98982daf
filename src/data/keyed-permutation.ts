import { mix32, seedWords } from './seeded-random.ts';

/** Four rounds make a Feistel network a strong pseudo-random permutation (Luby and Rackoff 1988); six leave a margin. */
const ROUNDS = 6;

/**
 * A permutation of 0 … size - 1 that is computed, not stored: a Feistel network on the next even number of bits, walked
 * until the value falls below `size` (Black and Rogaway 2002, "cycle walking"; fewer than four steps on average).
 * `seed` and `stream` choose it. `size` is 1 … 2^52.
 */
export function keyedPermutation(size: number, seed: number, stream = 0): (index: number) => number {
  if (!Number.isInteger(size) || size < 1 || size > 2 ** 52) {
    throw new RangeError(`keyedPermutation: size ${String(size)} is not a whole number from 1 to 2^52`);
  }
  let halfBits = 1;
  while (4 ** halfBits < size) halfBits += 1;
  const half = 2 ** halfBits;
  const mask = half - 1;
  const keys = seedWords(seed, stream, ROUNDS);

  return (index) => {
    if (!Number.isInteger(index) || index < 0 || index >= size) {
      throw new RangeError(`keyedPermutation: index ${String(index)} is not in 0 … ${String(size - 1)}`);
    }
    let value = index;
    do {
      let left = Math.floor(value / half);
      let right = value % half;
      for (const key of keys) {
        // Two mixes, so that keys which differ in one bit still give unrelated round functions.
        const next = (left ^ mix32(mix32(right ^ key) + key)) & mask;
        left = right;
        right = next;
      }
      value = left * half + right;
    } while (value >= size);
    return value;
  };
}
