import { WHITE_SPACE, WORD } from './unicode.ts';

import type { AddedTokenSpec } from './tokenizer-schema.ts';

/** A piece of text: plain, or an added token by its id. */
export type Section = { readonly text: string; readonly start: number } | { readonly id: number };

const LEADING_SPACE = new RegExp(`^${WHITE_SPACE}+`, 'u');
const TRAILING_SPACE = new RegExp(`${WHITE_SPACE}+$`, 'u');
const ENDS_IN_WORD = new RegExp(`[${WORD}]$`, 'u');
const STARTS_WITH_WORD = new RegExp(`^[${WORD}]`, 'u');
/** Longer runs of white space beside an `lstrip`/`rstrip` token do not occur; the bound keeps long texts linear. */
const REACH = 4096;

/**
 * Cuts added tokens out of a text, leftmost and longest first, as `AddedVocabulary::find_matches` of `tokenizers` does
 * (tokenizers/src/tokenizer/added_vocabulary.rs), with `single_word`, `lstrip` and `rstrip`.
 */
export function addedTokenSplitter(
  tokens: readonly (AddedTokenSpec & { readonly match: string })[],
): (text: string) => Section[] {
  if (tokens.length === 0) return (text) => (text === '' ? [] : [{ text, start: 0 }]);
  const byMatch = new Map(tokens.map((token) => [token.match, token]));
  const longestFirst = [...byMatch.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escapeRegExp).join('|'), 'gu');

  return (text) => {
    const sections: Section[] = [];
    let done = 0;
    for (const found of text.matchAll(pattern)) {
      const token = byMatch.get(found[0])!;
      let start = found.index;
      let stop = start + found[0].length;
      if (token.single_word && touchesWord(text, start, stop)) continue;
      if (token.lstrip) start = Math.max(done, start - spaceBefore(text, start));
      if (token.rstrip) stop += spaceAfter(text, stop);
      if (done < start) sections.push({ text: text.slice(done, start), start: done });
      sections.push({ id: token.id });
      // As in Rust, a token of white space behind an `rstrip` token counts again and moves the end back.
      done = stop;
    }
    if (done < text.length) sections.push({ text: text.slice(done), start: done });
    return sections;
  };
}

function touchesWord(text: string, start: number, stop: number): boolean {
  // Two code units hold any one character; a half pair at the cut is not a word character.
  return ENDS_IN_WORD.test(text.slice(Math.max(0, start - 2), start)) || STARTS_WITH_WORD.test(text.slice(stop, stop + 2));
}

function spaceBefore(text: string, end: number): number {
  return TRAILING_SPACE.exec(text.slice(Math.max(0, end - REACH), end))?.[0].length ?? 0;
}

function spaceAfter(text: string, start: number): number {
  return LEADING_SPACE.exec(text.slice(start, start + REACH))?.[0].length ?? 0;
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
