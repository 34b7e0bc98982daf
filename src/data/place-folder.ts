import { randomBytes } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { DataError } from './data-error.ts';
import { readManifest } from './read-manifest.ts';
import { MANIFEST_NAME } from './token-manifest.ts';

/**
 * Refuses a folder whose content is not ours to remove.
 * @throws DataError `output-exists` for a file, or a folder with anything but an earlier result in it.
 */
export async function requireReplaceable(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new DataError('output-exists', `${folder} is not a folder. Name another output folder.`, { cause });
  }
  if (names.length === 0) return;
  const foreign = names.find((name) => name !== MANIFEST_NAME && !/^(train|validation)(-\d+)?\.bin$/.test(name));
  const ours = foreign === undefined && (await readManifest(folder).then(Boolean, () => false));
  if (ours) return;
  throw new DataError(
    'output-exists',
    `${folder} is not empty (it holds ${foreign ?? join(names[0]!)}) and not a folder of prepared tokens. Name another output folder.`,
  );
}

/** Gives `folder` its final name in one step; what stood there is removed afterwards. */
export async function placeFolder(folder: string, name: string): Promise<void> {
  const old = `${name}.old-${randomBytes(4).toString('hex')}`;
  const replaced = await rename(name, old).then(
    () => true,
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    },
  );
  await rename(folder, name);
  if (replaced) await rm(old, { recursive: true });
}
