import { DataError } from './data-error.ts';
import { compilePattern } from './tokenizer-library.ts';
import { metaspaceScheme } from './tokenizer-schema.ts';
import { NUMERIC, WHITE_SPACE, WORD } from './unicode.ts';

import type { Pattern, PreTokenizerSpec, SplitBehavior } from './tokenizer-schema.ts';

/** Pieces that are merged on their own; `atStart`: the text begins where the whole input does. */
export interface PreTokenizer {
  readonly split: (text: string, atStart: boolean) => string[];
  /** Whether the pieces' UTF-8 bytes are to be written in the GPT-2 byte alphabet before merging. */
  readonly byteLevel: boolean;
}

type Step = (text: string, atStart: boolean) => string[];

/**
 * GPT-2's pattern (openai/gpt-2 `encoder.py`) with Oniguruma's `\s`.
 * The library runs it with JavaScript's, which puts U+FEFF among the spaces and U+0085 among the letters.
 */
const GPT2 = new RegExp(
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+" +
    `| ?[^${WHITE_SPACE}\\p{L}\\p{N}]+|${WHITE_SPACE}+(?!\\P{White_Space})|${WHITE_SPACE}+`,
  'gu',
);

/**
 * The pre-tokenizer of a `tokenizer.json`. Where the library's own class differs from Rust (`Digits` knows ASCII only,
 * `Metaspace` does not split, `Split` knows two of five behaviours) the Rust rule is followed.
 */
export function createPreTokenizer(spec: PreTokenizerSpec | null | undefined): PreTokenizer {
  if (spec === null || spec === undefined) return { split: (text) => [text], byteLevel: false };
  const specs = flatten(spec);
  const byteLevelAt = specs.findIndex((one) => one.type === 'ByteLevel');
  if (byteLevelAt !== -1 && byteLevelAt !== specs.length - 1) {
    throw new DataError(
      'tokenizer-unsupported',
      `tokenizer.json: pre_tokenizer has "${specs[byteLevelAt + 1]!.type}" after "ByteLevel", which must be the last step here. ` +
        'Use a tokenizer whose byte-level step comes last.',
    );
  }
  const steps = specs.map(createStep);
  const split: Step = (text, atStart) =>
    steps.reduce<string[]>(
      (pieces, step) => (pieces.length === 1 ? step(pieces[0]!, atStart) : pieces.flatMap((p, i) => step(p, atStart && i === 0))),
      [text],
    );
  return { split: steps.length === 1 ? steps[0]! : split, byteLevel: byteLevelAt !== -1 };
}

function flatten(spec: PreTokenizerSpec): Exclude<PreTokenizerSpec, { type: 'Sequence' }>[] {
  return spec.type === 'Sequence' ? spec.pretokenizers.flatMap(flatten) : [spec];
}

function createStep(spec: Exclude<PreTokenizerSpec, { type: 'Sequence' }>): Step {
  switch (spec.type) {
    case 'ByteLevel':
      return (text) => {
        const prefixed = spec.add_prefix_space && !text.startsWith(' ') ? ` ${text}` : text;
        return spec.use_regex ? (prefixed.match(GPT2) ?? []) : [prefixed];
      };
    case 'Digits':
      return splitStep(new RegExp(NUMERIC, 'gu'), spec.individual_digits ? 'Isolated' : 'Contiguous', false);
    case 'Split':
      return splitStep(compile(spec.pattern), spec.behavior, spec.invert);
    case 'Whitespace':
      return splitStep(new RegExp(`[${WORD}]+|[^${WORD}${WHITE_SPACE}]+`, 'gu'), 'Removed', true);
    case 'WhitespaceSplit':
      return splitStep(new RegExp(WHITE_SPACE, 'gu'), 'Removed', false);
    case 'Metaspace': {
      const scheme = metaspaceScheme(spec);
      const cut = splitStep(compile({ String: spec.replacement }), 'MergedWithNext', false);
      return (text, atStart) => {
        const spaced = text.replaceAll(' ', () => spec.replacement);
        const wanted = scheme === 'always' || (scheme === 'first' && atStart);
        const whole = wanted && !spaced.startsWith(spec.replacement) ? spec.replacement + spaced : spaced;
        return spec.split ? cut(whole, atStart) : [whole];
      };
    }
  }
}

/** The library rewrites Oniguruma syntax to JavaScript's; a pattern it cannot rewrite is refused. */
function compile(pattern: Pattern): RegExp {
  try {
    const compiled = compilePattern(pattern);
    if (compiled !== null) return compiled;
  } catch (cause) {
    throw new DataError(
      'tokenizer-unsupported',
      `tokenizer.json: pre_tokenizer pattern ${JSON.stringify(pattern)} cannot be used in JavaScript: ${String(cause)}. ` +
        'Use a tokenizer with another pattern.',
      { cause },
    );
  }
  throw new DataError(
    'tokenizer-unsupported',
    `tokenizer.json: pre_tokenizer pattern ${JSON.stringify(pattern)} is of an unknown kind. Use a tokenizer with a Regex or String pattern.`,
  );
}

/** `NormalizedString::split` of `tokenizers` (tokenizers/src/tokenizer/normalizer.rs): the five delimiter behaviours. */
function splitStep(pattern: RegExp, behavior: SplitBehavior, invert: boolean): Step {
  return (text) => {
    const pieces: string[] = [];
    const spans = cutSpans(text, pattern, invert);
    if (behavior === 'Removed' || behavior === 'Isolated') {
      for (const span of spans) {
        if (behavior === 'Isolated' || !span.delimiter) pieces.push(text.slice(span.start, span.stop));
      }
      return pieces;
    }
    if (behavior === 'MergedWithNext') spans.reverse();
    let previousWasDelimiter = false;
    const merged: { start: number; stop: number }[] = [];
    for (const { start, stop, delimiter } of spans) {
      const last = merged.at(-1);
      const join =
        last !== undefined &&
        (behavior === 'Contiguous' ? delimiter === previousWasDelimiter : delimiter && !previousWasDelimiter);
      if (join) {
        last.start = Math.min(last.start, start);
        last.stop = Math.max(last.stop, stop);
      } else {
        merged.push({ start, stop });
      }
      previousWasDelimiter = delimiter;
    }
    if (behavior === 'MergedWithNext') merged.reverse();
    return merged.map(({ start, stop }) => text.slice(start, stop));
  };
}

/** The text in order as matches and what lies between, without empty pieces; `invert` swaps which are delimiters. */
function cutSpans(text: string, pattern: RegExp, invert: boolean): { start: number; stop: number; delimiter: boolean }[] {
  const spans: { start: number; stop: number; delimiter: boolean }[] = [];
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    const start = match.index;
    const stop = start + match[0].length;
    if (done < start) spans.push({ start: done, stop: start, delimiter: invert });
    if (start < stop) spans.push({ start, stop, delimiter: !invert });
    done = stop;
  }
  if (done < text.length) spans.push({ start: done, stop: text.length, delimiter: invert });
  return spans;
}
