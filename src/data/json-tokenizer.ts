import { createHash } from 'node:crypto';

import { addedTokenSplitter } from './added-tokens.ts';
import { createPieceEncoder } from './bpe-words.ts';
import { createNormalizer } from './normalize.ts';
import { createPostProcessor } from './post-process.ts';
import { createPreTokenizer } from './pre-tokenize.ts';
import { requireSameAddedTokens, resolveSpecialToken } from './special-tokens.ts';
import { createDecoder } from './token-decoder.ts';
import { parseTokenizerJson, readTokenizerConfig, refuseHalfPairs } from './tokenizer-schema.ts';

import type { Tokenizer } from './tokenizer.ts';

/** The files that a tokenizer of this kind is built from. */
export interface JsonTokenizerFiles {
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
export function loadTokenizer(files: JsonTokenizerFiles): Tokenizer {
  const spec = parseTokenizerJson(files.tokenizerJson);
  const settings = readTokenizerConfig(files.tokenizerConfig);
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

  requireSameAddedTokens(settings, idOfToken, 'tokenizer.json');
  const bos = resolveSpecialToken('bos', settings, files.config, idOfToken, tokenOfId, 'tokenizer.json');
  const eos = resolveSpecialToken('eos', settings, files.config, idOfToken, tokenOfId, 'tokenizer.json');
  return {
    vocabularySize,
    bosTokenId: bos?.id,
    eosTokenId: eos?.id,
    bosToken: bos?.token,
    fingerprint: fingerprint(files, bos?.id, eos?.id),
    files: {
      ...{ kind: 'tokenizer.json', model: files.tokenizerJson },
      ...{ tokenizerConfig: files.tokenizerConfig, config: files.config },
    },
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

function fingerprint(files: JsonTokenizerFiles, bos: number | undefined, eos: number | undefined): string {
  const hash = createHash('sha256');
  for (const bytes of [files.tokenizerJson, files.tokenizerConfig ?? new Uint8Array()]) {
    hash.update(`${String(bytes.length)}\n`).update(bytes);
  }
  return hash.update(`bos ${String(bos)} eos ${String(eos)}`).digest('hex');
}
