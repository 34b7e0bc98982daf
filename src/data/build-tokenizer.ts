import { loadTokenizer } from './json-tokenizer.ts';
import { loadSentencePiece } from './sentence-piece/load-sentence-piece.ts';

import type { Tokenizer, TokenizerFiles } from './tokenizer.ts';

/** The tokenizer of either kind of file. @throws DataError `tokenizer-unreadable`, `tokenizer-unsupported`. */
export function buildTokenizer(files: TokenizerFiles): Tokenizer {
  if (files.kind === 'tokenizer.model') return loadSentencePiece(files);
  const { model, tokenizerConfig, config } = files;
  return loadTokenizer({ tokenizerJson: model, tokenizerConfig, config });
}
