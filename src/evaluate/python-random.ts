const STATE_WORDS = 624;
const SHIFT_WORDS = 397;

/**
 * CPython's `random.Random(seed)` as far as lm-eval's few-shot sampler uses it: MT19937 seeded with `init_by_array`,
 * `_randbelow` by rejection of the top bits, and `sample`. Any other generator would draw other examples.
 *
 * Sources: CPython `Modules/_randommodule.c` and `Lib/random.py` (3.12); Matsumoto and Nishimura, "Mersenne Twister", 1998.
 */
export class PythonRandom {
  readonly #state = new Uint32Array(STATE_WORDS);
  #next = STATE_WORDS;

  /** @param seed an integer from 0 to 2^32 - 1, one word of CPython's key */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
      throw new RangeError(`The seed ${String(seed)} is not an integer from 0 to 4294967295.`);
    }
    initByArray(this.#state, [seed]);
  }

  /** The next 32 random bits, as an unsigned integer. */
  uint32(): number {
    if (this.#next === STATE_WORDS) {
      regenerate(this.#state);
      this.#next = 0;
    }
    let y = this.#state[this.#next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A uniform integer from 0 to n - 1, for n from 1 to 2^32 - 1. */
  below(n: number): number {
    const bits = 32 - Math.clz32(n); // n.bit_length()
    let drawn: number;
    do drawn = this.uint32() >>> (32 - bits);
    while (drawn >= n);
    return drawn;
  }

  /**
   * `random.sample(population, k)`: k different positions in drawn order.
   * Small populations are drawn from a shrinking pool, large ones by redrawing repeats; both consume the generator
   * differently, so the switch between them is part of the contract.
   */
  sample<T>(population: readonly T[], k: number): T[] {
    const n = population.length;
    if (!Number.isInteger(k) || k < 0 || k > n) {
      throw new RangeError(`A sample of ${String(k)} cannot be drawn from ${String(n)} rows.`);
    }
    let poolLimit = 21;
    if (k > 5) poolLimit += 4 ** Math.ceil(Math.log(k * 3) / Math.log(4));
    return n <= poolLimit ? this.#fromPool(population, k) : this.#byRedraw(population, k);
  }

  #fromPool<T>(population: readonly T[], k: number): T[] {
    const pool = [...population];
    return Array.from({ length: k }, (_, i) => {
      const remaining = pool.length - i;
      const j = this.below(remaining);
      const drawn = pool[j]!;
      pool[j] = pool[remaining - 1]!;
      return drawn;
    });
  }

  #byRedraw<T>(population: readonly T[], k: number): T[] {
    const taken = new Set<number>();
    while (taken.size < k) taken.add(this.below(population.length)); // adding a repeat changes nothing: it is drawn again
    return [...taken].map((index) => population[index]!);
  }
}

function initByArray(state: Uint32Array, key: readonly number[]): void {
  state[0] = 19650218;
  for (let i = 1; i < STATE_WORDS; i++) state[i] = Math.imul(1812433253, mixed(state, i)) + i;
  let i = 1;
  let j = 0;
  for (let round = STATE_WORDS; round > 0; round--) {
    state[i] = (state[i]! ^ Math.imul(mixed(state, i), 1664525)) + key[j]! + j;
    j = (j + 1) % key.length;
    i = following(state, i);
  }
  for (let round = STATE_WORDS - 1; round > 0; round--) {
    state[i] = (state[i]! ^ Math.imul(mixed(state, i), 1566083941)) - i;
    i = following(state, i);
  }
  state[0] = 0x80000000;
}

function mixed(state: Uint32Array, i: number): number {
  const before = state[i - 1]!;
  return before ^ (before >>> 30);
}

function following(state: Uint32Array, i: number): number {
  if (i + 1 < STATE_WORDS) return i + 1;
  state[0] = state[STATE_WORDS - 1]!;
  return 1;
}

function regenerate(state: Uint32Array): void {
  for (let i = 0; i < STATE_WORDS; i++) {
    const y = (state[i]! & 0x80000000) | (state[(i + 1) % STATE_WORDS]! & 0x7fffffff);
    state[i] = state[(i + SHIFT_WORDS) % STATE_WORDS]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
  }
}
