import { WeightsError } from '../errors.ts';
import { byteLevelParts } from './byte-level-bpe.ts';
import {
  optionalBoolean,
  optionalNumber,
  optionalNumbers,
  optionalString,
  optionalStrings,
} from './gguf-metadata.ts';
import type { GgufMetadata } from './gguf-metadata.ts';
import { sentencePieceParts } from './sentence-piece.ts';

/** The tokenizer files of a GGUF model, as text. */
export interface TokenizerFiles {
  readonly tokenizer: string;
  readonly tokenizerConfig: string;
  readonly generationConfig: string;
}

/** `enum llama_token_type`. */
export const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4 } as const;

/** What a file says about its tokens, by id and by text. */
export interface Vocabulary {
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  readonly ids: ReadonlyMap<string, number>;
}

/** The parts of tokenizer.json in which kinds of vocabulary differ. */
export interface TokenizerParts {
  readonly normalizer: object | null;
  readonly preTokenizer: object | null;
  readonly decoder: object;
  readonly model: object;
  /** What llama.cpp does where the file has no `add_bos_token`. */
  readonly addBosByDefault: boolean;
}

/**
 * Rebuilds `tokenizer.json` and `tokenizer_config.json` from the vocabulary in a GGUF file. Control tokens become special added tokens,
 * user-defined ones plain added tokens. Kinds of vocabulary other than byte-level BPE and SentencePiece BPE are refused by name.
 */
export function tokenizerFiles(metadata: GgufMetadata): TokenizerFiles {
  const vocabulary = readVocabulary(metadata);
  const { tokens, types } = vocabulary;
  const parts = partsOf(metadata, vocabulary);

  const tokenOf = (field: string): string | undefined => {
    const id = optionalNumber(metadata, `tokenizer.ggml.${field}_token_id`);
    if (id === undefined) return undefined;
    const token = tokens[id];
    if (token !== undefined) return token;
    throw unsupported(metadata, `${field}_token_id is ${id}, but the vocabulary has ${tokens.length} tokens`);
  };
  const bos = tokenOf('bos');
  const eos = tokenOf('eos');
  const addedTokens = tokens.flatMap((content, id) => {
    const special = types[id] === TOKEN_TYPE.control || types[id] === TOKEN_TYPE.unknown;
    if (!special && types[id] !== TOKEN_TYPE.userDefined) return [];
    return [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special }];
  });
  const template = templateTokens(
    (optionalBoolean(metadata, 'tokenizer.ggml.add_bos_token') ?? parts.addBosByDefault) ? bos : undefined,
    optionalBoolean(metadata, 'tokenizer.ggml.add_eos_token') === true ? eos : undefined,
    vocabulary.ids,
  );

  return {
    tokenizer: JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens,
      normalizer: parts.normalizer,
      pre_tokenizer: parts.preTokenizer,
      post_processor: template,
      decoder: parts.decoder,
      model: parts.model,
    }),
    tokenizerConfig: toJson({
      add_prefix_space: false,
      bos_token: bos,
      chat_template: optionalString(metadata, 'tokenizer.chat_template'),
      clean_up_tokenization_spaces: false,
      eos_token: eos,
      model_max_length: optionalNumber(metadata, 'llama.context_length'),
      pad_token: tokenOf('padding'),
      // The class that takes tokenizer.json as it is; GPT2Tokenizer would replace the pre-tokenizer by its own.
      tokenizer_class: 'PreTrainedTokenizerFast',
      unk_token: tokenOf('unknown'),
    }),
    generationConfig: toJson({
      bos_token_id: optionalNumber(metadata, 'tokenizer.ggml.bos_token_id'),
      eos_token_id: optionalNumber(metadata, 'tokenizer.ggml.eos_token_id'),
      pad_token_id: optionalNumber(metadata, 'tokenizer.ggml.padding_token_id'),
    }),
  };
}

function readVocabulary(metadata: GgufMetadata): Vocabulary {
  const tokens = optionalStrings(metadata, 'tokenizer.ggml.tokens') ?? [];
  const types = optionalNumbers(metadata, 'tokenizer.ggml.token_type') ?? [];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  if (tokens.length === 0) throw unsupported(metadata, 'tokenizer.ggml.tokens is missing');
  const twice = tokens.find((token, id) => ids.get(token) !== id);
  if (twice === undefined) return { tokens, types, ids };
  throw unsupported(metadata, `the token ${JSON.stringify(twice)} is in its vocabulary twice`);
}

function partsOf(metadata: GgufMetadata, vocabulary: Vocabulary): TokenizerParts {
  const model = optionalString(metadata, 'tokenizer.ggml.model');
  if (model === 'gpt2') return byteLevelParts(metadata, vocabulary);
  if (model === 'llama') return sentencePieceParts(metadata, vocabulary);
  throw unsupported(
    metadata,
    `its vocabulary is of kind ${JSON.stringify(model ?? 'not stated')}, only "gpt2" (byte-level BPE) and "llama" (SentencePiece) can be rebuilt`,
  );
}

/** A post-processor that adds BOS and EOS where the model wants them; without either, the plain byte-level one. */
function templateTokens(
  bos: string | undefined,
  eos: string | undefined,
  vocabulary: ReadonlyMap<string, number>,
): Readonly<Record<string, unknown>> | null {
  if (bos === undefined && eos === undefined) return null;
  const token = (id: string | undefined, type: number): object[] =>
    id === undefined ? [] : [{ SpecialToken: { id, type_id: type } }];
  const sequence = (id: string, type: number): object[] => [
    ...token(bos, type),
    { Sequence: { id, type_id: type } },
    ...token(eos, type),
  ];
  const special = [bos, eos].filter((id) => id !== undefined);
  return {
    type: 'TemplateProcessing',
    single: sequence('A', 0),
    pair: [...sequence('A', 0), ...sequence('B', 1)],
    special_tokens: Object.fromEntries(
      special.map((id) => [id, { id, ids: [vocabulary.get(id)], tokens: [id] }]),
    ),
  };
}

function unsupported(metadata: GgufMetadata, what: string): WeightsError {
  return new WeightsError(
    'unsupported',
    `${metadata.file} cannot be used: ${what}. Take the model as a folder in Hugging Face layout instead.`,
  );
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
