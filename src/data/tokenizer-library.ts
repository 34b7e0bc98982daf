import * as library from '@huggingface/tokenizers';

import type { Pattern } from './tokenizer-schema.ts';

/**
 * The classes used of `@huggingface/tokenizers` 0.2.0, with the types that its own declarations lose under NodeNext:
 * they re-export by paths without file endings, which that module resolution does not follow.
 */
interface Library {
  readonly SplitPreTokenizer: new (config: object) => { readonly pattern: RegExp | null };
  readonly NFCNormalizer: NormalizerClass;
  readonly NFDNormalizer: NormalizerClass;
  readonly NFKCNormalizer: NormalizerClass;
  readonly NFKDNormalizer: NormalizerClass;
  readonly PrependNormalizer: NormalizerClass;
  readonly ReplaceNormalizer: NormalizerClass;
}

type NormalizerClass = new (config: object) => { normalize(text: string): string };

const { SplitPreTokenizer, ...normalizers } = library as unknown as Library;

/** Normalizers by the `type` they have in `tokenizer.json`. */
export const normalizerClasses = {
  NFC: normalizers.NFCNormalizer,
  NFD: normalizers.NFDNormalizer,
  NFKC: normalizers.NFKCNormalizer,
  NFKD: normalizers.NFKDNormalizer,
  Prepend: normalizers.PrependNormalizer,
  Replace: normalizers.ReplaceNormalizer,
} as const;

/** The JavaScript form of a pattern in Oniguruma syntax, or null where its kind is unknown. Throws on syntax it cannot rewrite. */
export function compilePattern(pattern: Pattern): RegExp | null {
  return new SplitPreTokenizer({ type: 'Split', pattern, behavior: 'Isolated', invert: false }).pattern;
}
