import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { DataError } from './data-error.ts';
import { MANIFEST_NAME, tokenManifest } from './token-manifest.ts';

import type { TokenManifest } from './token-manifest.ts';

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
