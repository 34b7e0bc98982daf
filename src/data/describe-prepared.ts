import { basename } from 'node:path';

import type { DocumentIndex } from './document-index.ts';
import type { SourcesRecord } from './index-sources.ts';
import type { PrepareOptions } from './prepare-options.ts';
import type { TokenLayout } from './sources/token-documents.ts';
import type { TokenManifest } from './token-manifest.ts';
import type { PartState } from './work-folder.ts';

export const DEFAULT_SHARD_TOKENS = 100_000_000;

/** The manifest but for its two parts, whose files get their names last. */
export function describePrepared(
  options: PrepareOptions,
  { index, record, layout }: { index: DocumentIndex; record: SourcesRecord; layout: TokenLayout },
  unique: Uint32Array,
  train: PartState,
  validation: PartState | null,
): Omit<TokenManifest, 'train' | 'validation'> {
  const { tokenizer, seed, sources } = options;
  const weights = sources.reduce((sum, { weight = 0 }) => sum + weight, 0);
  const uniqueOf = new Float64Array(sources.length);
  for (const at of unique) uniqueOf[record.sourceOfFile[index.file(at)]!]! += 1;
  const empty = record.sources.reduce((sum, source) => sum + source.empty, 0);
  return {
    format: 'inheritune-tokens',
    version: 2,
    seed,
    tokenizer: { fingerprint: tokenizer.fingerprint, vocabularySize: tokenizer.vocabularySize },
    separatorTokenId: layout.separatorTokenId,
    bytesPerToken: layout.bytesPerToken,
    shardTokens: options.shardTokens ?? DEFAULT_SHARD_TOKENS,
    sources: record.sources.map((source, i) => ({
      name: sources[i]!.label ?? basename(sources[i]!.path),
      revision: sources[i]!.revision ?? null,
      share: sources[i]!.weight === undefined ? null : sources[i]!.weight / weights,
      documents: {
        read: source.documents + source.empty,
        empty: source.empty,
        duplicates: source.documents - uniqueOf[i]!,
        unique: uniqueOf[i]!,
      },
      train: train.sources[i]!,
      validation: validation?.sources[i] ?? { documents: 0, tokens: 0 },
      files: source.files,
    })),
    documents: {
      read: index.size + empty,
      empty,
      duplicates: index.size - unique.length,
      unique: unique.length,
    },
  };
}
