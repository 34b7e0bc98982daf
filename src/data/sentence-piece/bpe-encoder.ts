import { DataError } from '../data-error.ts';
import { createPairMerger } from '../merge-pairs.ts';
import { createPairTable } from '../pair-table.ts';
import { PIECE } from './model-proto.ts';

import type { SentencePieceModel } from './model-proto.ts';
import type { MatchSymbol } from './normalize-text.ts';

/** Pieces of normalized text as ids; what is in no piece is given to `unknown`, one character at a time. */
export type EncodeNormalized = (text: string, into: number[], unknown: (character: string) => void) => void;

const MAX_CACHED_WORDS = 200_000;
const MAX_CACHED_LENGTH = 64;

/**
 * `bpe::Model::SampleEncode` of sentencepiece/src/bpe_model.cc: of all neighbours that together are a piece, those of the best
 * score are joined first, of equal ones the leftmost; user-defined symbols are never joined to anything.
 * Words are looked up in a table of those already seen where no piece goes beyond the end of a word.
 */
export function createBpeEncoder(model: SentencePieceModel, matchSymbol: MatchSymbol): EncodeNormalized {
  const { pieces } = model;
  if (pieces.some(({ type }) => type === PIECE.unused)) {
    throw new DataError(
      'tokenizer-unsupported',
      'tokenizer.model has unused pieces, which BPE models are not read with here. Use the published tokenizer of the model.',
    );
  }
  const symbols = new Map<string, number>();
  for (const [id, { text, type }] of pieces.entries()) {
    if (type === PIECE.normal || type === PIECE.userDefined) symbols.set(text, id);
  }
  const characters = new Map<number, string>();
  const idOf = (character: string): number => {
    let id = symbols.get(character);
    if (id === undefined) {
      // No piece by itself, but perhaps the beginning of one.
      id = pieces.length + characters.size;
      characters.set(id, character);
      symbols.set(character, id);
    }
    return id;
  };
  const merge = createPairMerger(createPairTable(pairsOf(model, symbols, idOf)));
  const staysInWords = ![...symbols.keys()].some((text) => /[^▁]▁/u.test(text));
  const words = new Map<string, readonly number[]>();

  const encodeRun = (run: string): readonly number[] => {
    const known = words.get(run);
    if (known !== undefined) return known;
    const ids = Int32Array.from([...run], idOf);
    const joined = Array.from(ids.subarray(0, merge(ids, ids.length)));
    if (run.length <= MAX_CACHED_LENGTH) {
      if (words.size >= MAX_CACHED_WORDS) words.clear();
      words.set(run, joined);
    }
    return joined;
  };
  const encodePart: EncodeNormalized = (text, into, unknown) => {
    const runs = staysInWords ? (text.match(/[^▁]+|▁+[^▁]*/gu) ?? []) : [text];
    for (const run of runs) {
      for (const id of encodeRun(run)) {
        if (id < pieces.length) into.push(id);
        else unknown(characters.get(id)!);
      }
    }
  };
  return (text, into, unknown) => {
    let start = 0;
    for (let at = 0; at < text.length; ) {
      const length = matchSymbol(text, at);
      if (length === 0) {
        at += 1;
        continue;
      }
      encodePart(text.slice(start, at), into, unknown);
      into.push(symbols.get(text.slice(at, at + length))!);
      at += length;
      start = at;
    }
    encodePart(start === 0 ? text : text.slice(start), into, unknown);
  };
}

/** Every way to make a piece of two symbols, with the rank of the piece's score; pieces of equal score share a rank. */
function pairsOf(
  { pieces }: SentencePieceModel,
  symbols: ReadonlyMap<string, number>,
  idOf: (character: string) => number,
): [number, number, number, number][] {
  const scores = [...new Set(pieces.map(({ score }) => score))].sort((a, b) => b - a);
  const ranks = new Map(scores.map((score, rank) => [score, rank]));
  const pairs: [number, number, number, number][] = [];
  for (const [id, { text, type, score }] of pieces.entries()) {
    if (type !== PIECE.normal && type !== PIECE.userDefined) continue;
    const characters = [...text];
    const symbol = (part: readonly string[]): number | undefined =>
      part.length === 1 ? idOf(part[0]!) : symbols.get(part.join(''));
    for (let cut = 1; cut < characters.length; cut += 1) {
      const left = symbol(characters.slice(0, cut));
      const right = symbol(characters.slice(cut));
      if (left !== undefined && right !== undefined) pairs.push([left, right, ranks.get(score)!, id]);
    }
  }
  return pairs;
}
