import { createHash } from 'node:crypto';

import { addedTokenSplitter } from './added-tokens.ts';
import { createPieceEncoder } from './bpe-words.ts';
import { DataError } from './data-error.ts';
import { createNormalizer } from './normalize.ts';
import { createPostProcessor } from './post-process.ts';
import { createPreTokenizer } from './pre-tokenize.ts';
import { requireSameAddedTokens, resolveSpecialToken } from './special-tokens.ts';
import { createDecoder } from './token-decoder.ts';
import { parseJsonBytes, parseTokenizerJson } from './tokenizer-schema.ts';

import type { Tokenizer } from './tokenizer.ts';

/** The files a tokenizer is built from. */
export interface TokenizerFiles {
  readonly tokenizerJson: Uint8Array;
  readonly tokenizerConfig?: Uint8Array | undefined;
  /** The parsed `config.json` of the model: its `bos_token_id` and `eos_token_id` where tokenizer_config names none. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Builds a tokenizer whose ids equal those of Python's `tokenizers` (held to it by test/fixtures/data).
 * Truncation and padding set in the file are not applied, as in `transformers`. `decode` keeps special tokens.
 * A text with half a surrogate pair is refused: it has no UTF-8 bytes.
 * @throws DataError `tokenizer-unreadable`, `tokenizer-unsupported`; `text-not-unicode` from `encode`.
 */
export function loadTokenizer(files: TokenizerFiles): Tokenizer {
  const spec = parseTokenizerJson(files.tokenizerJson);
  const settings = readSettings(files.tokenizerConfig);
  const normalize = createNormalizer(spec.normalizer);
  const preTokenizer = createPreTokenizer(spec.pre_tokenizer);
  const encodePiece = createPieceEncoder(spec.model, preTokenizer.byteLevel);
  const postProcess = createPostProcessor(spec.post_processor);
  const decodeTokens = createDecoder(spec.decoder);
  // Two passes as in Rust: verbatim tokens in the raw text, then the others in what normalizing left.
  const splitVerbatim = addedTokenSplitter(
    spec.added_tokens.filter((token) => !token.normalized).map((token) => ({ ...token, match: token.content })),
  );
  const splitNormalized = addedTokenSplitter(
    spec.added_tokens.filter((token) => token.normalized).map((token) => ({ ...token, match: normalize(token.content) })),
  );

  const idOfToken = new Map(Object.entries(spec.model.vocab));
  for (const token of spec.added_tokens) idOfToken.set(token.content, token.id);
  const tokenOfId = new Map<number, string>();
  let vocabularySize = 0;
  for (const [token, id] of idOfToken) {
    tokenOfId.set(id, token);
    vocabularySize = Math.max(vocabularySize, id + 1);
  }

  const encodeText = (text: string): number[] => {
    const ids: number[] = [];
    for (const raw of splitVerbatim(text)) {
      if ('id' in raw) {
        ids.push(raw.id);
        continue;
      }
      for (const section of splitNormalized(normalize(raw.text))) {
        if ('id' in section) {
          ids.push(section.id);
          continue;
        }
        const atStart = raw.start === 0 && section.start === 0;
        for (const piece of preTokenizer.split(section.text, atStart)) encodePiece(piece, ids);
      }
    }
    return ids;
  };

  requireSameAddedTokens(settings, idOfToken);
  const bos = resolveSpecialToken('bos', settings, files.config, idOfToken, tokenOfId);
  const eos = resolveSpecialToken('eos', settings, files.config, idOfToken, tokenOfId);
  return {
    vocabularySize,
    bosTokenId: bos?.id,
    eosTokenId: eos?.id,
    bosToken: bos?.token,
    fingerprint: fingerprint(files, bos?.id, eos?.id),
    encode(text, { addSpecialTokens = true } = {}) {
      refuseHalfPairs(text);
      const ids = encodeText(text);
      return addSpecialTokens ? postProcess(ids) : ids;
    },
    decode(ids) {
      // An id without a token (a padded embedding row) is left out, as in `tokenizers`.
      return decodeTokens(ids.map((id) => tokenOfId.get(id)).filter((token) => token !== undefined)).join('');
    },
  };
}

function readSettings(bytes: Uint8Array | undefined): Readonly<Record<string, unknown>> {
  if (bytes === undefined) return {};
  const value = parseJsonBytes(bytes, 'tokenizer_config.json');
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new DataError('tokenizer-unreadable', 'tokenizer_config.json does not hold a JSON object. Fetch the file again.');
}

function refuseHalfPairs(text: string): void {
  const at = text.search(/\p{Cs}/u);
  if (at === -1) return;
  const unit = text.charCodeAt(at).toString(16).toUpperCase();
  throw new DataError(
    'text-not-unicode',
    `The text holds half a surrogate pair (U+${unit}) at UTF-16 position ${String(at)}. Repair the text: it cannot be written as UTF-8.`,
  );
}

function fingerprint(files: TokenizerFiles, bos: number | undefined, eos: number | undefined): string {
  const hash = createHash('sha256');
  for (const bytes of [files.tokenizerJson, files.tokenizerConfig ?? new Uint8Array()]) {
    hash.update(`${String(bytes.length)}\n`).update(bytes);
  }
  return hash.update(`bos ${String(bos)} eos ${String(eos)}`).digest('hex');
}
