import { z } from 'zod';
import { rule, seedField } from './field-helpers.ts';

const source = z
  .strictObject({
    path: z.string().min(1).meta({
      description:
        'A `.txt`, `.jsonl` (both also as `.gz` or `.zst`), `.parquet` or nanoGPT `.bin` file, a folder of such files, or a hub dataset `hub:org/name@revision[:GLOB]`.',
    }),
    documents: z
      .enum(['file', 'paragraph', 'line'])
      .default('file')
      .meta({ description: 'Plain text only: what one document is.' }),
    field: z
      .string()
      .min(1)
      .default('text')
      .meta({ description: '`.jsonl` and `.parquet` only: the field that holds the text.' }),
    weight: z.number().positive().exactOptional().meta({
      description:
        'Share of this source in the tokens, relative to the other weights. All sources have one, or none.',
      defaultText: 'sources count by their size',
    }),
    passes: z.int().min(1).exactOptional().meta({
      description:
        'With `weight` only: how often the source may be gone over before it has run out. Held-out documents come once.',
      defaultText: '`1`',
    }),
  })
  .meta({ description: 'One source of text.' });

/** What is trained on: ready token ids, or text with a tokenizer. */
export const dataFields = z
  .strictObject({
    tokens: z.string().min(1).exactOptional().meta({
      description:
        'Token ids: a `.bin` file (raw little-endian uint16; uint32 for a vocabulary above 65535) or a folder written by `inheritune prepare`. Instead of `sources`.',
      defaultText: 'this or `sources` must be given',
    }),
    sources: z.array(source).min(1).exactOptional().meta({
      description: 'Text to tokenize and mix. Instead of `tokens`.',
      defaultText: 'this or `tokens` must be given',
    }),
    tokenizer: z.string().min(1).exactOptional().meta({
      description: 'Folder or `tokenizer.json` that turns `sources` into token ids.',
      defaultText: "the reference's",
    }),
    subsetTokens: z.int().min(1).exactOptional().meta({
      description: 'How much of `sources` to use.',
      unit: 'tokens',
      defaultText: 'what training reads once; all of it where `train.epochs` is given',
    }),
    validation: z.string().min(1).exactOptional().meta({
      description: 'Token ids for the validation loss: a `.bin` file.',
      defaultText: 'none',
    }),
    validationTokens: z.int().min(0).default(0).meta({
      description: 'How much of `sources` to hold out for the validation loss.',
      unit: 'tokens',
    }),
    shardTokens: z.int().min(1).default(100_000_000).meta({
      description: 'How many tokens of `sources` go into one file.',
      unit: 'tokens',
    }),
    seed: seedField('Seed of the order in which documents of `sources` are drawn.'),
  })
  .check(
    rule(
      ({ tokens, sources }) => (tokens === undefined) !== (sources === undefined),
      [],
      'data needs exactly one of tokens and sources; give a file of token ids or a list of texts.',
    ),
    rule(
      ({ tokens, subsetTokens }) => tokens === undefined || subsetTokens === undefined,
      ['subsetTokens'],
      'data.subsetTokens belongs to data.sources and has no effect on data.tokens; remove it.',
    ),
    rule(
      ({ tokens, tokenizer }) => tokens === undefined || tokenizer === undefined,
      ['tokenizer'],
      'data.tokenizer belongs to data.sources and has no effect on data.tokens; remove it.',
    ),
    rule(
      ({ tokens, validationTokens }) => tokens === undefined || !(Number(validationTokens) > 0),
      ['validationTokens'],
      'data.validationTokens is held out from data.sources; with data.tokens give data.validation instead.',
    ),
    rule(
      ({ validation, validationTokens }) => validation === undefined || !(Number(validationTokens) > 0),
      ['validationTokens'],
      'data.validation and data.validationTokens are both given; keep one of them.',
    ),
  )
  .check(
    rule(
      ({ sources }) => !hasSomeWeights(sources),
      ['sources'],
      'data.sources gives some sources a weight and others none; give every source one, or none.',
    ),
    rule(
      ({ sources }) => !listed(sources).some((one) => 'passes' in one && !('weight' in one)),
      ['sources'],
      'data.sources gives a source passes and no weight; only in a mixture by weight does a source run out before the others.',
    ),
  )
  .meta({
    description: 'What is trained on.',
    oneOf: [{ required: ['tokens'] }, { required: ['sources'] }],
  });

function hasSomeWeights(sources: unknown): boolean {
  const all = listed(sources);
  const weighted = all.filter((one) => 'weight' in one);
  return weighted.length > 0 && weighted.length < all.length;
}

function listed(sources: unknown): object[] {
  if (!Array.isArray(sources)) return [];
  return sources.filter((one: unknown): one is object => typeof one === 'object' && one !== null);
}
