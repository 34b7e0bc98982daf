import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

const part = z.strictObject({
  file: z.string(),
  tokens: z.int().positive(),
  /** Documents of which at least one token is there; the last may be cut. */
  documents: z.int().positive(),
  sha256,
});

/** `manifest.json` of a folder written by `prepareTokens`: what the token files hold and what they came from. */
export const tokenManifest = z.strictObject({
  format: z.literal('inheritune-tokens'),
  version: z.literal(1),
  seed: z.int(),
  tokenizer: z.strictObject({ fingerprint: sha256, vocabularySize: z.int().positive() }),
  /** Stands behind every document: EOS, or BOS where the tokenizer has no EOS. */
  separatorTokenId: count,
  bytesPerToken: z.union([z.literal(2), z.literal(4)]),
  sources: z.array(
    z.strictObject({
      files: z.array(
        z.strictObject({
          name: z.string(),
          kind: z.string(),
          bytes: count,
          sha256,
        }),
      ),
    }),
  ),
  documents: z.strictObject({ read: count, empty: count, duplicates: count, unique: count }),
  train: part,
  validation: part.nullable(),
});

export type TokenManifest = z.infer<typeof tokenManifest>;
export type TokenPart = z.infer<typeof part>;

export const MANIFEST_NAME = 'manifest.json';
