/**
 * xoshiro128** (Blackman and Vigna, https://prng.di.unimi.it/xoshiro128starstar.c): 32-bit arithmetic only, period 2^128 - 1.
 * Its state is filled from the seed by a mixing function, as its authors advise, so near seeds give unrelated streams.
 */
export interface SeededRandom {
  /** The next 32 bits, 0 … 2^32 - 1. */
  nextUint32(): number;
  /** A whole number in 0 … bound - 1, every one equally likely. `bound` is 1 … 2^32. */
  nextInt(bound: number): number;
  /** Fisher-Yates in place; returns the same array. */
  shuffle<T>(items: T[]): T[];
}

/** A generator for `seed`, any safe integer; `stream` gives independent generators of one seed. */
export function seededRandom(seed: number, stream = 0): SeededRandom {
  return xoshiro128(seedWords(seed, stream, 4));
}

/** The generator from a raw state of four 32-bit words, not all zero: for test vectors. */
export function xoshiro128(words: readonly number[]): SeededRandom {
  let [a, b, c, d] = words.map((word) => word >>> 0) as [number, number, number, number];
  const nextUint32 = (): number => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
  const nextInt = (bound: number): number => {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new RangeError(`nextInt: bound ${String(bound)} is not a whole number from 1 to 2^32`);
    }
    // The last, incomplete run of `bound` values is drawn again: no value is favoured.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const drawn = nextUint32();
      if (drawn < limit) return drawn % bound;
    }
  };
  const shuffle = <T>(items: T[]): T[] => {
    for (let i = items.length - 1; i > 0; i -= 1) {
      const j = nextInt(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  };
  return { nextUint32, nextInt, shuffle };
}

/** `count` mixed 32-bit words of a seed (any safe integer) and a stream number. */
export function seedWords(seed: number, stream: number, count: number): number[] {
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(stream)) {
    throw new RangeError(`a seed is a whole number of at most 2^53 - 1, not ${String(seed)} (stream ${String(stream)})`);
  }
  let state = 0;
  for (const value of [seed, stream]) {
    state = mix32(state ^ (value >>> 0));
    state = mix32(state ^ (Math.floor(value / 2 ** 32) >>> 0));
  }
  // Weyl steps by the golden ratio keep the inputs of the mixer distinct, so at most one word is zero.
  return Array.from({ length: count }, (_, i) => mix32(state + Math.imul(i + 1, 0x9e3779b9)));
}

/** A bijection of 32-bit words with full avalanche (murmur3's finalizer with Chris Wellons's "lowbias32" constants). */
export function mix32(word: number): number {
  let mixed = word | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
