/** How many of `values`, largest first, are needed to hold `share` of their sum. None may be negative. */
export function countHolding(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort().reverse();
  const wanted = share * sorted.reduce((sum, value) => sum + value, 0);
  let held = 0;
  const last = sorted.findIndex((value) => (held += value) >= wanted);
  // Rounding can leave the whole sum a little below itself.
  return last < 0 ? sorted.length : last + 1;
}
