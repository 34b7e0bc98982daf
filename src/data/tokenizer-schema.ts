import { z } from 'zod';

import { DataError } from './data-error.ts';

/**
 * The parts of `tokenizer.json` (Hugging Face `tokenizers` 0.1x-0.23) whose ids are known to equal Python's here.
 * Everything else is refused by name: a wrong id is worse than no id, it trains and scores without complaint.
 */
const pattern = z.union([z.strictObject({ String: z.string() }), z.strictObject({ Regex: z.string() })]);

const normalizer: z.ZodType<NormalizerSpec> = z.lazy(() =>
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('Sequence'), normalizers: z.array(normalizer) }),
    z.object({ type: z.literal('Prepend'), prepend: z.string() }),
    z.object({ type: z.literal('Replace'), pattern, content: z.string() }),
    z.object({ type: z.enum(['NFC', 'NFD', 'NFKC', 'NFKD']) }),
  ]),
);

const splitBehavior = z.enum(['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous']);

const preTokenizer: z.ZodType<PreTokenizerSpec> = z.lazy(() =>
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('Sequence'), pretokenizers: z.array(preTokenizer) }),
    z.object({
      type: z.literal('ByteLevel'),
      add_prefix_space: z.boolean().default(true),
      use_regex: z.boolean().default(true),
    }),
    z.object({ type: z.literal('Digits'), individual_digits: z.boolean().default(false) }),
    z.object({ type: z.literal('Split'), pattern, behavior: splitBehavior, invert: z.boolean().default(false) }),
    z.object({
      type: z.literal('Metaspace'),
      replacement: z.string().default('▁'),
      prepend_scheme: z.enum(['always', 'first', 'never']).optional(),
      // Files older than tokenizers 0.15 say `add_prefix_space` instead.
      add_prefix_space: z.boolean().optional(),
      split: z.boolean().default(true),
    }),
    z.object({ type: z.enum(['Whitespace', 'WhitespaceSplit']) }),
  ]),
);

const templatePart = z.union([
  z.object({ SpecialToken: z.object({ id: z.string() }) }),
  z.object({ Sequence: z.object({ id: z.enum(['A', 'B']) }) }),
]);

const wordAndId = z.tuple([z.string(), z.number().int().nonnegative()]);

const postProcessor: z.ZodType<PostProcessorSpec> = z.lazy(() =>
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('Sequence'), processors: z.array(postProcessor) }),
    z.object({ type: z.literal('ByteLevel') }),
    z.object({
      type: z.literal('TemplateProcessing'),
      single: z.array(templatePart),
      special_tokens: z.record(z.string(), z.object({ ids: z.array(z.number().int().nonnegative()) })),
    }),
    z.object({ type: z.enum(['BertProcessing', 'RobertaProcessing']), sep: wordAndId, cls: wordAndId }),
  ]),
);

const decoder: z.ZodType<DecoderSpec> = z.lazy(() =>
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('Sequence'), decoders: z.array(decoder) }),
    z.object({ type: z.enum(['ByteLevel', 'ByteFallback', 'Fuse']) }),
    z.object({ type: z.literal('Replace'), pattern: z.strictObject({ String: z.string() }), content: z.string() }),
    z.object({ type: z.literal('Strip'), content: z.string(), start: z.number().int(), stop: z.number().int() }),
    z.object({
      type: z.literal('Metaspace'),
      replacement: z.string().default('▁'),
      prepend_scheme: z.enum(['always', 'first', 'never']).optional(),
      add_prefix_space: z.boolean().optional(),
    }),
  ]),
);

const addedToken = z.object({
  id: z.number().int().nonnegative(),
  content: z.string().min(1),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().default(true),
  special: z.boolean().default(false),
});

/** Absent, null or empty: a value here would change the ids in a way the library does not follow. */
const absent = z.union([z.null(), z.literal('')]).optional();

const bpe = z.object({
  type: z.literal('BPE').optional(),
  dropout: z.union([z.null(), z.literal(0)]).optional(),
  unk_token: z.string().nullish(),
  continuing_subword_prefix: absent,
  end_of_word_suffix: absent,
  fuse_unk: z.boolean().default(false),
  byte_fallback: z.boolean().default(false),
  ignore_merges: z.boolean().default(false),
  vocab: z.record(z.string(), z.number().int().nonnegative()),
  merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
});

const tokenizerJson = z.object({
  added_tokens: z.array(addedToken).default([]),
  normalizer: normalizer.nullish(),
  pre_tokenizer: preTokenizer.nullish(),
  post_processor: postProcessor.nullish(),
  decoder: decoder.nullish(),
  model: bpe,
});

export type Pattern = { String: string } | { Regex: string };
export type SplitBehavior = z.infer<typeof splitBehavior>;
export type AddedTokenSpec = z.infer<typeof addedToken>;
export type BpeSpec = z.infer<typeof bpe>;
export type TokenizerSpec = z.infer<typeof tokenizerJson>;

export type NormalizerSpec =
  | { type: 'Sequence'; normalizers: NormalizerSpec[] }
  | { type: 'Prepend'; prepend: string }
  | { type: 'Replace'; pattern: Pattern; content: string }
  | { type: 'NFC' | 'NFD' | 'NFKC' | 'NFKD' };

export type MetaspaceScheme = {
  replacement: string;
  prepend_scheme?: 'always' | 'first' | 'never' | undefined;
  add_prefix_space?: boolean | undefined;
};

export type PreTokenizerSpec =
  | { type: 'Sequence'; pretokenizers: PreTokenizerSpec[] }
  | { type: 'ByteLevel'; add_prefix_space: boolean; use_regex: boolean }
  | { type: 'Digits'; individual_digits: boolean }
  | { type: 'Split'; pattern: Pattern; behavior: SplitBehavior; invert: boolean }
  | ({ type: 'Metaspace'; split: boolean } & MetaspaceScheme)
  | { type: 'Whitespace' | 'WhitespaceSplit' };

export type PostProcessorSpec =
  | { type: 'Sequence'; processors: PostProcessorSpec[] }
  | { type: 'ByteLevel' }
  | {
      type: 'TemplateProcessing';
      single: z.infer<typeof templatePart>[];
      special_tokens: Record<string, { ids: number[] }>;
    }
  | { type: 'BertProcessing' | 'RobertaProcessing'; sep: [string, number]; cls: [string, number] };

export type DecoderSpec =
  | { type: 'Sequence'; decoders: DecoderSpec[] }
  | { type: 'ByteLevel' | 'ByteFallback' | 'Fuse' }
  | { type: 'Replace'; pattern: { String: string }; content: string }
  | { type: 'Strip'; content: string; start: number; stop: number }
  | ({ type: 'Metaspace' } & MetaspaceScheme);

/**
 * Reads the bytes of a `tokenizer.json`.
 * @throws DataError `tokenizer-unreadable` where it is not JSON, `tokenizer-unsupported` naming the field otherwise.
 */
export function parseTokenizerJson(bytes: Uint8Array): TokenizerSpec {
  const value = parseJsonBytes(bytes, 'tokenizer.json');
  const parsed = tokenizerJson.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const path = issue.path.map(String);
  const seen = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
  const shown = JSON.stringify(seen)?.slice(0, 80) ?? 'nothing';
  throw new DataError(
    'tokenizer-unsupported',
    `tokenizer.json: field "${path.join('.')}" holds ${shown}, which is not supported here (${issue.message}). ` +
      'Use the byte-level or SentencePiece-style BPE tokenizer of a LLaMA- or GPT-2-family model.',
  );
}

/** Parses UTF-8 JSON; `name` is the file named in the error. */
export function parseJsonBytes(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DataError(
      'tokenizer-unreadable',
      `${name} is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}. Fetch the file again.`,
      { cause },
    );
  }
}

/** Whether a Metaspace puts its replacement in front: the newer field first, the older one as `tokenizers` reads it. */
export function metaspaceScheme(spec: MetaspaceScheme): 'always' | 'first' | 'never' {
  if (spec.prepend_scheme !== undefined) return spec.prepend_scheme;
  return spec.add_prefix_space === false ? 'never' : 'always';
}

/** The parsed `tokenizer_config.json`; empty where there is none. */
export function readTokenizerConfig(bytes: Uint8Array | undefined): Readonly<Record<string, unknown>> {
  if (bytes === undefined) return {};
  const value = parseJsonBytes(bytes, 'tokenizer_config.json');
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new DataError('tokenizer-unreadable', 'tokenizer_config.json does not hold a JSON object. Fetch the file again.');
}

/** @throws DataError `text-not-unicode` for text that cannot be written as UTF-8. */
export function refuseHalfPairs(text: string): void {
  const at = text.search(/\p{Cs}/u);
  if (at === -1) return;
  const unit = text.charCodeAt(at).toString(16).toUpperCase();
  throw new DataError(
    'text-not-unicode',
    `The text holds half a surrogate pair (U+${unit}) at UTF-16 position ${String(at)}. Repair the text: it cannot be written as UTF-8.`,
  );
}
