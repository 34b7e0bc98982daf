import { createHash } from 'node:crypto';

import { DataError } from '../data-error.ts';
import { requireSameAddedTokens, resolveSpecialToken } from '../special-tokens.ts';
import { readTokenizerConfig, refuseHalfPairs } from '../tokenizer-schema.ts';
import { createBpeEncoder } from './bpe-encoder.ts';
import { createPieceDecoder } from './decode-pieces.ts';
import { PIECE, parseSentencePieceModel } from './model-proto.ts';
import { createSymbolMatcher, createTextNormalizer } from './normalize-text.ts';
import { createUnigramEncoder } from './unigram-encoder.ts';

import type { SpecialToken } from '../special-tokens.ts';
import type { Tokenizer, TokenizerFiles } from '../tokenizer.ts';
import type { SentencePieceModel } from './model-proto.ts';

/**
 * Builds a tokenizer from a SentencePiece `tokenizer.model` (BPE or unigram) whose ids equal those of Python's `sentencepiece` (held to it by
 * test/fixtures/data). Special tokens are added as `LlamaTokenizer` of transformers does: BOS unless `add_bos_token` is
 * false, EOS where `add_eos_token` is true. `<s>` written in a text is text.
 * @throws DataError `tokenizer-unreadable`, `tokenizer-unsupported`; `text-not-unicode` from `encode`.
 */
export function loadSentencePiece(files: TokenizerFiles): Tokenizer {
  const model = parseSentencePieceModel(files.model);
  const settings = readTokenizerConfig(files.tokenizerConfig);
  const matchSymbol = createSymbolMatcher(model);
  const normalize = createTextNormalizer(model, matchSymbol);
  const encodeNormalized = model.type === 'bpe' ? createBpeEncoder(model, matchSymbol) : createUnigramEncoder(model);
  const decode = createPieceDecoder(model);
  const idOfToken = new Map(model.pieces.map(({ text }, id) => [text, id]));
  const tokenOfId = new Map(model.pieces.map(({ text }, id) => [id, text]));
  const byteIds = bytePieces(model, idOfToken);
  const unknownId = model.pieces.findIndex(({ type }) => type === PIECE.unknown);
  requireSameAddedTokens(settings, idOfToken, 'tokenizer.model');
  const special = (kind: 'bos' | 'eos', own: number): SpecialToken | undefined =>
    resolveSpecialToken(kind, settings, files.config, idOfToken, tokenOfId, 'tokenizer.model') ??
    (tokenOfId.has(own) ? { id: own, token: tokenOfId.get(own) } : undefined);
  const bos = special('bos', model.bosId);
  const eos = special('eos', model.eosId);
  const before = settings['add_bos_token'] === false || bos === undefined ? [] : [bos.id];
  const after = settings['add_eos_token'] === true && eos !== undefined ? [eos.id] : [];
  const utf8 = new TextEncoder();

  const encodeText = (text: string): number[] => {
    const ids: number[] = [];
    let unknownAt = -1;
    encodeNormalized(normalize(text), ids, (character) => {
      if (byteIds !== undefined) {
        for (const byte of utf8.encode(character)) ids.push(byteIds[byte]!);
      } else if (unknownAt !== ids.length) {
        // Unknown characters in a row are one unknown token.
        ids.push(unknownId);
        unknownAt = ids.length;
      }
    });
    return ids;
  };
  const hash = createHash('sha256').update('sentencepiece\n');
  for (const bytes of [files.model, files.tokenizerConfig ?? new Uint8Array()]) {
    hash.update(`${String(bytes.length)}\n`).update(bytes);
  }
  return {
    vocabularySize: model.pieces.length,
    bosTokenId: bos?.id,
    eosTokenId: eos?.id,
    bosToken: bos?.token,
    fingerprint: hash.update(`bos ${String(bos?.id)} eos ${String(eos?.id)}`).digest('hex'),
    files,
    encode(text, { addSpecialTokens = true } = {}) {
      refuseHalfPairs(text);
      const ids = encodeText(text);
      return addSpecialTokens ? [...before, ...ids, ...after] : ids;
    },
    decode: (ids) => decode(ids),
  };
}

/** The ids of the 256 byte pieces; undefined where the model does without. */
function bytePieces(model: SentencePieceModel, ids: ReadonlyMap<string, number>): number[] | undefined {
  if (!model.byteFallback) return undefined;
  return Array.from({ length: 256 }, (_, byte) => {
    const text = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    const id = ids.get(text);
    if (id !== undefined && model.pieces[id]!.type === PIECE.byte) return id;
    throw new DataError(
      'tokenizer-unsupported',
      `tokenizer.model falls back on bytes and has no piece ${text}. Fetch the file again.`,
    );
  });
}
