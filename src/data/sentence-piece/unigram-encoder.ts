import { PIECE } from './model-proto.ts';

import type { EncodeNormalized } from './bpe-encoder.ts';
import type { SentencePieceModel } from './model-proto.ts';

/** `kUnkPenalty` of sentencepiece/src/unigram_model.cc. */
const UNKNOWN_PENALTY = 10;
/** `kScoreResetThreshold`: a sum beyond it is taken off all that is still in use, so that its digits are not lost. */
const RESET_SCORE = 100_000;

/** Pieces by their UTF-16 units. */
interface TrieNode {
  /** The piece that ends here, or -1. */
  id: number;
  readonly next: Map<number, TrieNode>;
}

/**
 * `unigram::Model::EncodeOptimized` of sentencepiece 0.2.3 (src/unigram_model.cc): the segmentation of the greatest summed score
 * (Viterbi). The sums there are floats, and in a long text so large that rounding decides between segmentations; so they are
 * added and kept as floats here, too, and words that were seen before cannot be looked up. Earlier versions round otherwise.
 */
export function createUnigramEncoder(model: SentencePieceModel): EncodeNormalized {
  const { pieces } = model;
  const least = pieces.reduce((a, { type, score }) => (type === PIECE.normal ? Math.min(a, score) : a), Infinity);
  const unknownScore = Math.fround(least - UNKNOWN_PENALTY);
  const root: TrieNode = { id: -1, next: new Map() };
  const scores = new Float32Array(pieces.length);
  for (const [id, { text, type, score }] of pieces.entries()) {
    // A user-defined symbol has a score above all others, and the higher the longer it is in bytes.
    scores[id] = type === PIECE.userDefined ? 0.1 * (Buffer.byteLength(text) - 1) : score;
    if (type === PIECE.normal || type === PIECE.userDefined) addPiece(root, text, id);
  }
  return (text, into, unknown) => {
    const best = new Float32Array(text.length + 1);
    const startOf = new Int32Array(text.length + 1).fill(-1);
    // Of the piece that ends there; -1 for an unknown character.
    const idAt = new Int32Array(text.length + 1);
    let reached = 0;
    const offer = (end: number, score: number, start: number, id: number): void => {
      reached = Math.max(reached, end);
      if (startOf[end] !== -1 && !(score > best[end]!)) return;
      best[end] = score;
      startOf[end] = start;
      idAt[end] = id;
    };
    for (let start = 0; start < text.length; ) {
      const character = text.codePointAt(start)! > 0xffff ? 2 : 1;
      if (Math.abs(best[start]!) > RESET_SCORE) {
        const offset = best[start]!;
        for (let at = start; at <= reached; at += 1) if (startOf[at] !== -1) best[at]! -= offset;
      }
      const before = best[start]!;
      let isKnown = false;
      let node = root.next.get(text.charCodeAt(start));
      for (let end = start + 1; node !== undefined; end += 1) {
        const { id } = node;
        if (id !== -1) {
          offer(end, Math.fround(scores[id]! + before), start, id);
          isKnown ||= end === start + character;
        }
        node = end < text.length ? node.next.get(text.charCodeAt(end)) : undefined;
      }
      if (!isKnown) offer(start + character, Math.fround(unknownScore + before), start, -1);
      start += character;
    }
    const ends: number[] = [];
    for (let end = text.length; end > 0; end = startOf[end]!) ends.push(end);
    for (const end of ends.reverse()) {
      const id = idAt[end]!;
      if (id === -1) unknown(text.slice(startOf[end], end));
      else into.push(id);
    }
  };
}

function addPiece(root: TrieNode, text: string, id: number): void {
  let node = root;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    let next = node.next.get(unit);
    if (next === undefined) {
      next = { id: -1, next: new Map() };
      node.next.set(unit, next);
    }
    node = next;
  }
  node.id = id;
}
