/**
 * The exact two-sided rank-sum test of Wilcoxon, Mann and Whitney. `pValue` is the share of all ways to divide the values into groups of
 * these sizes in which the rank sum of `head` lies at least as far from its mean. Ties get their mean rank, so nothing is assumed
 * of the distribution, and `Infinity` (never reached) is a value like any other. `shift` is how far head's mean rank lies above the
 * mean of all: above zero its values are the larger ones.
 */
export function rankSumTest(
  base: readonly number[],
  head: readonly number[],
): { readonly pValue: number; readonly shift: number } {
  const ranks = [...base, ...head].map(doubledRank);
  // ways[n].get(s): how many choices of n of the values so far have the doubled rank sum s.
  const ways = Array.from({ length: head.length + 1 }, () => new Map<number, number>());
  ways[0]!.set(0, 1);
  for (const rank of ranks)
    for (let chosen = head.length; chosen > 0; chosen--)
      for (const [at, count] of ways[chosen - 1]!)
        ways[chosen]!.set(at + rank, (ways[chosen]!.get(at + rank) ?? 0) + count);
  const mean = (head.length * sum(ranks)) / ranks.length;
  const excess = sum(ranks.slice(base.length)) - mean;
  const counts = [...ways[head.length]!];
  const extreme = counts.filter(([at]) => Math.abs(at - mean) >= Math.abs(excess) - 1e-9);
  const pValue = sum(extreme.map(([, count]) => count)) / sum(counts.map(([, count]) => count));
  return { pValue, shift: excess / 2 / head.length };
}

/** Twice the mean rank (from 1), a whole number also for ties. */
function doubledRank(value: number, _: number, all: readonly number[]): number {
  const below = all.filter((other) => other < value).length;
  const equal = all.filter((other) => other === value).length;
  return 2 * below + equal + 1;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
