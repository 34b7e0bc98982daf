import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { DataError } from './data-error.ts';
import { readManifest } from './read-manifest.ts';
import { bytesPerToken, openTokenFile } from './token-file.ts';
import { MANIFEST_NAME, partPath } from './token-manifest.ts';

import type { TokenFile } from './token-file.ts';
import type { TokenManifest, TokenPart } from './token-manifest.ts';

export interface PreparedTokens {
  readonly manifest: TokenManifest;
  readonly train: TokenFile;
  readonly validation: TokenFile | undefined;
  close(): Promise<void>;
}

/**
 * Opens what `prepareTokens` wrote, after comparing every file with its length and sha256 in the manifest.
 * `fingerprint`: the tokenizer that the model goes with; ids of another one train without complaint and mean nothing.
 * @throws DataError `prepared-invalid`, `tokenizer-mismatch`.
 */
export async function openPrepared(folder: string, options: { fingerprint?: string } = {}): Promise<PreparedTokens> {
  const manifest = await readManifest(folder);
  const { fingerprint, vocabularySize } = manifest.tokenizer;
  if (options.fingerprint !== undefined && options.fingerprint !== fingerprint) {
    throw new DataError(
      'tokenizer-mismatch',
      `${folder} was prepared with the tokenizer ${fingerprint.slice(0, 12)} and the model's is ${options.fingerprint.slice(0, 12)}. ` +
        'Prepare the tokens again with the tokenizer of the model.',
    );
  }
  const train = await openPart(folder, 'train', manifest.train, vocabularySize);
  try {
    const validation = manifest.validation && (await openPart(folder, 'validation', manifest.validation, vocabularySize));
    return {
      manifest,
      train,
      validation: validation ?? undefined,
      close: async () => {
        await Promise.all([train.close(), validation?.close()]);
      },
    };
  } catch (error) {
    await train.close();
    throw error;
  }
}

async function openPart(
  folder: string,
  name: 'train' | 'validation',
  part: TokenPart,
  vocabularySize: number,
): Promise<TokenFile> {
  const width = bytesPerToken(vocabularySize);
  for (const shard of part.shards) await verifyShard(join(folder, shard.file), shard, width);
  return openTokenFile(partPath(folder, name), { vocabularySize });
}

async function verifyShard(
  path: string,
  shard: TokenPart['shards'][number],
  width: 2 | 4,
): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw invalid(`There is no token file ${path}, which ${MANIFEST_NAME} lists.`, cause);
  });
  if (found.size !== shard.tokens * width) {
    throw invalid(
      `${path} has ${String(found.size / width)} tokens and ${MANIFEST_NAME} says ${String(shard.tokens)}.`,
    );
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  const digest = hash.digest('hex');
  if (digest === shard.sha256) return;
  throw invalid(
    `${path} has the sha256 ${digest.slice(0, 12)}… and ${MANIFEST_NAME} says ${shard.sha256.slice(0, 12)}….`,
  );
}

function invalid(what: string, cause?: unknown): DataError {
  return new DataError('prepared-invalid', `${what} Run inheritune prepare for this folder again.`, { cause });
}
