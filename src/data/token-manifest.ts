import { join } from 'node:path';

import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

const shard = z.strictObject({ file: z.string().regex(/^[\w.-]+$/), tokens: z.int().positive(), sha256 });

const part = z.strictObject({
  tokens: z.int().positive(),
  /** Documents of which at least one token is there; the last may be cut. */
  documents: z.int().positive(),
  /** One sequence of tokens, in files of `shardTokens` each but the last. */
  shards: z.array(shard).min(1),
  /** The file's where it is one, else that of the shards' digests in hexadecimal, one behind the other. */
  sha256,
});

/** Documents begun, and tokens. */
const amount = z.strictObject({ documents: count, tokens: count });

const source = z.strictObject({
  name: z.string(),
  /** The commit of a hub dataset. */
  revision: z.string().nullable(),
  /** Share of the tokens; null where sources are taken by their size. */
  share: z.number().nullable(),
  documents: z.strictObject({ read: count, empty: count, duplicates: count, unique: count }),
  train: amount,
  validation: amount,
  files: z.array(z.strictObject({ name: z.string(), kind: z.string(), bytes: count, sha256 })),
});

/** `manifest.json` of a folder written by `prepareTokens`: what the token files hold and what they came from. */
export const tokenManifest = z.strictObject({
  format: z.literal('inheritune-tokens'),
  version: z.literal(2),
  seed: z.int(),
  tokenizer: z.strictObject({ fingerprint: sha256, vocabularySize: z.int().positive() }),
  /** Stands behind every document: EOS, or BOS where the tokenizer has no EOS. */
  separatorTokenId: count,
  bytesPerToken: z.union([z.literal(2), z.literal(4)]),
  shardTokens: z.int().positive(),
  sources: z.array(source),
  documents: z.strictObject({ read: count, empty: count, duplicates: count, unique: count }),
  train: part,
  validation: part.nullable(),
});

export type TokenManifest = z.infer<typeof tokenManifest>;
export type TokenPart = z.infer<typeof part>;

export const MANIFEST_NAME = 'manifest.json';

/** Where a part of prepared tokens is said to lie: a file of this name, or the shards that the manifest beside it lists. */
export function partPath(folder: string, name: 'train' | 'validation'): string {
  return join(folder, `${name}.bin`);
}
