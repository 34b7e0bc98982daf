import { createCharsmap } from './charsmap.ts';
import { PIECE } from './model-proto.ts';

import type { SentencePieceModel } from './model-proto.ts';

export const SPACE = '\u2581';

/** Finds the longest user-defined symbol that `text` holds at `at`; its length, or 0. */
export type MatchSymbol = (text: string, at: number) => number;

export function createSymbolMatcher(model: SentencePieceModel): MatchSymbol {
  const byFirst = new Map<number, string[]>();
  for (const { text, type } of model.pieces) {
    if (type !== PIECE.userDefined || text === '') continue;
    const first = text.charCodeAt(0);
    byFirst.set(first, [...(byFirst.get(first) ?? []), text]);
  }
  for (const symbols of byFirst.values()) symbols.sort((a, b) => b.length - a.length);
  if (byFirst.size === 0) return () => 0;
  return (text, at) =>
    byFirst.get(text.charCodeAt(at))?.find((symbol) => text.startsWith(symbol, at))?.length ?? 0;
}

/**
 * Text as the model sees it: `Normalizer::Normalize` of sentencepiece/src/normalizer.cc. User-defined symbols are not
 * touched; the rest goes through the model's rules, its spaces are made single, and written "▁" as the model says.
 */
export function createTextNormalizer(model: SentencePieceModel, matchSymbol: MatchSymbol): (text: string) => string {
  const { addDummyPrefix, removeExtraSpaces, spaceAsSuffix } = model;
  const space = model.escapeSpaces ? SPACE : ' ';
  const partsOf = createRules(model.charsmap, matchSymbol);
  return (text) => {
    if (text === '') return '';
    let written = addDummyPrefix && !spaceAsSuffix ? space : '';
    let afterSpace = removeExtraSpaces;
    let isEmpty = removeExtraSpaces;
    for (const part of partsOf(text)) {
      const kept = afterSpace ? part.replace(/^ +/, '') : part;
      if (kept === '') continue;
      isEmpty = false;
      written += kept.includes(' ') ? kept.replaceAll(' ', space) : kept;
      afterSpace = removeExtraSpaces && kept.endsWith(' ');
    }
    // Text of spaces alone is no text where spaces are removed, and gets no prefix.
    if (isEmpty) return '';
    if (removeExtraSpaces) while (written.endsWith(space)) written = written.slice(0, -space.length);
    return addDummyPrefix && spaceAsSuffix ? written + space : written;
  };
}

const utf8 = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A text cut at its spaces, at user-defined symbols and where a rule applies; each part as it comes out. */
function createRules(charsmap: Uint8Array, matchSymbol: MatchSymbol): (text: string) => Iterable<string> {
  const match = createCharsmap(charsmap);
  return function* (text) {
    const bytes = utf8.encode(text);
    let run = 0;
    let unit = 0;
    for (let at = 0; at < bytes.length; ) {
      const symbol = matchSymbol(text, unit);
      const found = symbol === 0 ? match(bytes, at) : undefined;
      const isSpace = bytes[at] === 0x20;
      if (symbol === 0 && found === undefined && !isSpace) {
        const length = lengthOf(bytes[at]!);
        at += length;
        unit += length === 4 ? 2 : 1;
        continue;
      }
      if (run < at) yield decoder.decode(bytes.subarray(run, at));
      const length =
        symbol > 0 ? Buffer.byteLength(text.slice(unit, unit + symbol)) : (found?.length ?? 1);
      yield symbol > 0 ? text.slice(unit, unit + symbol) : (found?.text ?? ' ');
      for (const end = at + length; at < end; ) {
        const one = lengthOf(bytes[at]!);
        at += one;
        unit += one === 4 ? 2 : 1;
      }
      run = at;
    }
    if (run < bytes.length) yield decoder.decode(bytes.subarray(run));
  };
}

/** Bytes of the character that begins with this one. */
function lengthOf(lead: number): number {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}
