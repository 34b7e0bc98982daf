import { toByteAlphabet } from './byte-alphabet.ts';
import { DataError } from './data-error.ts';
import { createPairMerger } from './merge-pairs.ts';
import { createPairTable } from './pair-table.ts';

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
 * The merging is our own, over ids in typed arrays; the library's works on strings.
 * Pieces that SentencePiece-style models leave whole (a document of any length) are first cut
 * before each "▁" where no merge could cross, which changes no id.
 * @throws DataError `tokenizer-unsupported` where merges and vocabulary do not belong together.
 */
export function createPieceEncoder(spec: BpeSpec, byteLevel: boolean): EncodePiece {
  const parts = spec.merges.map((merge, i) => mergeParts(merge, i));
  checkModel(spec, parts);
  const ids = new Map(Object.entries(spec.vocab));
  const merge = createPairMerger(
    createPairTable(
      parts.map(([left, right], rank) => [ids.get(left)!, ids.get(right)!, rank, ids.get(left + right)!] as const),
    ),
  );
  const firstIds = createFirstIds(spec, ids);
  const words = new Map<string, readonly number[]>();

  const encodeWord = (word: string): readonly number[] => {
    const written = byteLevel ? toByteAlphabet(word) : word;
    if (spec.ignore_merges) {
      const whole = ids.get(written);
      if (whole !== undefined) return [whole];
    }
    const symbols = firstIds(written);
    return Array.from(symbols.subarray(0, merge(symbols, symbols.length)));
  };
  const encodeCached: EncodePiece = (word, into) => {
    let found = words.get(word);
    if (found === undefined) {
      found = encodeWord(word);
      if (word.length <= MAX_CACHED_LENGTH) {
        if (words.size >= MAX_CACHED_WORDS) words.clear();
        words.set(word, found);
      }
    }
    for (const id of found) into.push(id);
  };
  if (byteLevel || !mergesStayInWords(spec, parts)) return encodeCached;
  return (piece, into) => {
    for (const word of piece.match(/[^▁]+|▁+[^▁]*/gu) ?? []) encodeCached(word, into);
  };
}

/**
 * The ids of a word's characters before any merge (`BPE::merge_word` of `tokenizers`): a character outside the vocabulary
 * becomes its bytes where all of them are tokens, else the unknown token, else nothing.
 */
function createFirstIds(spec: BpeSpec, ids: ReadonlyMap<string, number>): (word: string) => Int32Array {
  const unknown = spec.unk_token ? ids.get(spec.unk_token) : undefined;
  const utf8 = new TextEncoder();
  return (word) => {
    const found = new Int32Array(spec.byte_fallback ? word.length * 3 : word.length);
    let length = 0;
    let afterUnknown = false;
    for (const character of word) {
      const id = ids.get(character);
      if (id !== undefined) {
        found[length] = id;
        length += 1;
        afterUnknown = false;
        continue;
      }
      const bytes = spec.byte_fallback ? Array.from(utf8.encode(character), (byte) => ids.get(byteToken(byte))) : [];
      if (bytes.length > 0 && !bytes.includes(undefined)) {
        for (const byte of bytes) {
          found[length] = byte!;
          length += 1;
        }
        afterUnknown = false;
        continue;
      }
      if (unknown === undefined || (spec.fuse_unk && afterUnknown)) continue;
      found[length] = unknown;
      length += 1;
      afterUnknown = true;
    }
    return found.subarray(0, length);
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
