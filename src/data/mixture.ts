/** Draws streams of documents so that each one's share of the tokens follows its weight. */
export interface Mixture {
  /** The stream whose next document comes next. */
  next(): number;
  /** Counts a document that was drawn from it. */
  add(stream: number, tokens: number): void;
}

/**
 * Every document comes from the stream that lacks most of its share of the tokens so far; of equal ones, the first.
 * So no stream is ever ahead of its share by more than the document that it was given last, and what it lacks the others
 * are ahead by. It depends on the documents drawn so far alone: a smaller subset is a prefix of a larger one.
 * @param weights above 0, in any unit
 * @param tokens drawn so far, where a run goes on
 */
export function createMixture(weights: readonly number[], tokens: readonly number[] = weights.map(() => 0)): Mixture {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = weights.map((weight) => weight / all);
  const drawn = [...tokens];
  let total = drawn.reduce((sum, count) => sum + count, 0);
  return {
    next() {
      let chosen = 0;
      let largest = -Infinity;
      for (const [stream, share] of shares.entries()) {
        const lack = share * total - drawn[stream]!;
        if (lack <= largest) continue;
        chosen = stream;
        largest = lack;
      }
      return chosen;
    },
    add(stream, count) {
      drawn[stream]! += count;
      total += count;
    },
  };
}
