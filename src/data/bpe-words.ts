import { toByteAlphabet } from './byte-alphabet.ts';
import { DataError } from './data-error.ts';
import { BPE } from './tokenizer-library.ts';

import type { BpeSpec } from './tokenizer-schema.ts';

/** Pushes the ids of one pre-tokenizer piece onto `into`. */
export type EncodePiece = (piece: string, into: number[]) => void;

/** English text has about 50,000 distinct words a million; past this the table starts anew rather than growing for ever. */
const MAX_CACHED_WORDS = 200_000;
/** Longer pieces are rarely seen twice. */
const MAX_CACHED_LENGTH = 64;
const SPACE = '▁';

/**
 * Byte-pair merging with a table of words already seen: text repeats its words, so 19 of 20 cost one look-up.
 * Merging itself is the library's heap (n log n). Pieces that SentencePiece-style models leave whole (a document of any
 * length) are first cut before each "▁" where no merge could cross, which changes no id.
 * @throws DataError `tokenizer-unsupported` where merges and vocabulary do not belong together.
 */
export function createPieceEncoder(spec: BpeSpec, byteLevel: boolean): EncodePiece {
  const merges = spec.merges.map((merge, i) => mergeParts(merge, i));
  checkModel(spec, merges);
  const bpe = new BPE({ ...spec, type: 'BPE', unk_token: spec.unk_token ?? undefined, merges });
  const unknownId = spec.unk_token ? spec.vocab[spec.unk_token] : undefined;
  const words = new Map<string, readonly number[]>();

  const encodeWord = (word: string): readonly number[] => {
    const ids: number[] = [];
    for (const token of bpe.encode([byteLevel ? toByteAlphabet(word) : word])) {
      const id = bpe.tokens_to_ids.get(token)!;
      if (spec.fuse_unk && id === unknownId && ids.at(-1) === unknownId) continue;
      ids.push(id);
    }
    return ids;
  };
  const encodeCached: EncodePiece = (word, into) => {
    let ids = words.get(word);
    if (ids === undefined) {
      ids = encodeWord(word);
      if (word.length <= MAX_CACHED_LENGTH) {
        if (words.size >= MAX_CACHED_WORDS) words.clear();
        words.set(word, ids);
      }
    }
    for (const id of ids) into.push(id);
  };
  if (byteLevel || !mergesStayInWords(spec, merges)) return encodeCached;
  return (piece, into) => {
    for (const word of piece.match(/[^▁]+|▁+[^▁]*/gu) ?? []) encodeCached(word, into);
  };
}

/** Whether no merge joins a character to a "▁" behind it, so that a cut before "▁" cannot change the outcome. */
function mergesStayInWords(spec: BpeSpec, merges: readonly [string, string][]): boolean {
  return (
    !spec.ignore_merges && Object.hasOwn(spec.vocab, SPACE) && !merges.some(([a, b]) => /[^▁]▁/u.test(a + b))
  );
}

function mergeParts(merge: string | [string, string], index: number): [string, string] {
  if (typeof merge !== 'string') return merge;
  const [left, right, ...rest] = merge.split(' ');
  if (left && right && rest.length === 0) return [left, right];
  throw new DataError(
    'tokenizer-unsupported',
    `tokenizer.json: model.merges[${String(index)}] is ${JSON.stringify(merge)}, not two tokens with a space between. Fetch the file again.`,
  );
}

function checkModel(spec: BpeSpec, merges: readonly [string, string][]): void {
  const missing = (token: string): boolean => !Object.hasOwn(spec.vocab, token);
  for (const [i, [left, right]] of merges.entries()) {
    const lost = [left, right, left + right].find(missing);
    if (lost !== undefined) {
      throw new DataError(
        'tokenizer-unsupported',
        `tokenizer.json: model.merges[${String(i)}] uses ${JSON.stringify(lost)}, which model.vocab does not hold. ` +
          'Fetch the file again.',
      );
    }
  }
  if (spec.unk_token && missing(spec.unk_token)) {
    throw new DataError(
      'tokenizer-unsupported',
      `tokenizer.json: model.unk_token ${JSON.stringify(spec.unk_token)} is not in model.vocab. Fetch the file again.`,
    );
  }
  if (!spec.byte_fallback) return;
  const present = Array.from({ length: 256 }, (_, byte) => byteToken(byte)).filter((token) => !missing(token)).length;
  if (present !== 0 && present !== 256) {
    throw new DataError(
      'tokenizer-unsupported',
      `tokenizer.json: byte_fallback is on and model.vocab holds ${String(present)} of the 256 byte tokens. ` +
        'Use a tokenizer with all of them.',
    );
  }
}

function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}
