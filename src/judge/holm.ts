/**
 * Holm's step-down adjustment (S. Holm, Scand. J. Statistics 6 (1979) 65–70): comparing the adjusted values with α keeps
 * the chance of one or more false alarms in the whole family at or below α, whatever the dependence. Order is kept.
 */
export function holmAdjust(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = new Array<number>(pValues.length).fill(1);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * pValues[index]!));
    adjusted[index] = largest;
  });
  return adjusted;
}
