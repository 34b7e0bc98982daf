import type { PairTable } from './pair-table.ts';

/** Joins the ids of a word as long as a pair can be joined; returns how many are left at the front of `ids`. */
export type MergePairs = (ids: Int32Array, length: number) => number;

/** Up to here looking through all pairs for each merge is faster than keeping a heap. */
const SHORT = 48;

/**
 * Byte-pair merging as `Word::merge_all` of `tokenizers` (tokenizers/src/models/bpe/word.rs) and SentencePiece's
 * `bpe::Model::Encode` do it: always the pair of lowest rank, of equal ones the leftmost.
 * @param pairs rank of the merge (from 0, below 2^25) and id of its result
 */
export function createPairMerger(pairs: PairTable): MergePairs {
  const mergeLong = createHeapMerger(pairs);
  const ranks = new Int32Array(SHORT);
  const results = new Int32Array(SHORT);
  const look = (ids: Int32Array, at: number): void => {
    const slot = pairs.find(ids[at]!, ids[at + 1]!);
    ranks[at] = slot === -1 ? NONE : pairs.first[slot]!;
    results[at] = slot === -1 ? 0 : pairs.second[slot]!;
  };
  return (ids, length) => {
    if (length > SHORT) return mergeLong(ids, length);
    for (let at = 0; at + 1 < length; at += 1) look(ids, at);
    let left = length;
    for (;;) {
      let best = -1;
      let bestRank = NONE;
      for (let at = 0; at + 1 < left; at += 1) {
        if (ranks[at]! >= bestRank) continue;
        best = at;
        bestRank = ranks[at]!;
      }
      if (best === -1) return left;
      ids[best] = results[best]!;
      left -= 1;
      ids.copyWithin(best + 1, best + 2, left + 1);
      ranks.copyWithin(best + 1, best + 2, left);
      results.copyWithin(best + 1, best + 2, left);
      if (best > 0) look(ids, best - 1);
      if (best + 1 < left) look(ids, best);
    }
  };
}

const NONE = 2 ** 31 - 1;
const PLACES = 2 ** 27;

/** The same for words of any length, n log n: a heap of pairs that may have gone by the time they come up. */
function createHeapMerger(pairs: PairTable): MergePairs {
  return (ids, length) => {
    const next = Int32Array.from({ length }, (_, i) => (i + 1 < length ? i + 1 : -1));
    const previous = Int32Array.from({ length }, (_, i) => i - 1);
    const gone = new Uint8Array(length);
    // Rank above place, in one number below 2^52: the smallest is the next merge.
    const heap = createHeap();
    const offer = (at: number): void => {
      const slot = pairs.find(ids[at]!, ids[next[at]!]!);
      if (slot !== -1) heap.push(pairs.first[slot]! * PLACES + at);
    };
    for (let at = 0; at + 1 < length; at += 1) offer(at);
    for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
      const at = top % PLACES;
      const after = next[at]!;
      if (gone[at] === 1 || after === -1) continue;
      const slot = pairs.find(ids[at]!, ids[after]!);
      if (slot === -1 || pairs.first[slot]! !== Math.floor(top / PLACES)) continue;
      ids[at] = pairs.second[slot]!;
      gone[after] = 1;
      next[at] = next[after]!;
      if (next[at] !== -1) previous[next[at]!] = at;
      if (previous[at] !== -1) offer(previous[at]!);
      if (next[at] !== -1) offer(at);
    }
    let left = 0;
    for (let at = 0; at !== -1; at = next[at]!) {
      ids[left] = ids[at]!;
      left += 1;
    }
    return left;
  };
}

/** Numbers, the smallest first. */
function createHeap(): { push(value: number): void; pop(): number | undefined } {
  const values: number[] = [];
  return {
    push(value) {
      let at = values.length;
      values.push(value);
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (values[parent]! <= value) break;
        values[at] = values[parent]!;
        at = parent;
      }
      values[at] = value;
    },
    pop() {
      const top = values[0];
      const last = values.pop();
      if (values.length === 0 || last === undefined) return top;
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= values.length) break;
        if (child + 1 < values.length && values[child + 1]! < values[child]!) child += 1;
        if (values[child]! >= last) break;
        values[at] = values[child]!;
        at = child;
      }
      values[at] = last;
      return top;
    },
  };
}
