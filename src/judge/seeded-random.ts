/** Draws 32 random bits as an unsigned integer. */
export type RandomBits = () => number;

/**
 * xoshiro128** (Blackman & Vigna 2018) seeded through splitmix32: a verdict must not change when it is computed
 * again, on another machine or Node version, and the language's own generator takes no seed.
 */
export function seededBits(seed: number): RandomBits {
  let mix = seed >>> 0;
  const splitmix = (): number => {
    mix = (mix + 0x9e3779b9) >>> 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let [a, b, c, d] = [splitmix(), splitmix(), splitmix(), splitmix()];
  return () => {
    const times5 = Math.imul(b, 5);
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
}

/** A uniform number in [0, 1) from 32 bits. */
export function uniform(bits: RandomBits): number {
  return bits() / 4294967296;
}
