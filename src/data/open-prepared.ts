import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { DataError } from './data-error.ts';
import { openTokenFile } from './token-file.ts';
import { MANIFEST_NAME, tokenManifest } from './token-manifest.ts';

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
  const train = await openPart(folder, manifest.train, vocabularySize);
  try {
    const validation = manifest.validation && (await openPart(folder, manifest.validation, vocabularySize));
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

/** The checked manifest of a folder of prepared tokens. @throws DataError `prepared-invalid`. */
export async function readManifest(folder: string): Promise<TokenManifest> {
  const path = join(folder, MANIFEST_NAME);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError('prepared-invalid', `${path} cannot be read (${reason}). Run inheritune prepare for this folder.`, {
      cause,
    });
  }
  const parsed = tokenManifest.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new DataError(
    'prepared-invalid',
    `${path}: field "${issue.path.map(String).join('.')}" is wrong (${issue.message}). Run inheritune prepare for this folder again.`,
  );
}

async function openPart(folder: string, part: TokenPart, vocabularySize: number): Promise<TokenFile> {
  const path = join(folder, part.file);
  const file = await openTokenFile(path, { vocabularySize });
  try {
    if (file.tokens !== part.tokens) {
      throw new DataError(
        'prepared-invalid',
        `${path} has ${String(file.tokens)} tokens and ${MANIFEST_NAME} says ${String(part.tokens)}. Run inheritune prepare for this folder again.`,
      );
    }
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    const found = hash.digest('hex');
    if (found !== part.sha256) {
      throw new DataError(
        'prepared-invalid',
        `${path} has the sha256 ${found.slice(0, 12)}… and ${MANIFEST_NAME} says ${part.sha256.slice(0, 12)}…. Run inheritune prepare for this folder again.`,
      );
    }
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
