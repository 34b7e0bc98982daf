import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { RecordStore, StoredFile } from './record-store.ts';
import { checkStoredPath } from './record-store.ts';
import { StoreError } from './store-error.ts';

/** Marks files that are still being written; `list` does not see them. */
const UNFINISHED = '.unfinished';

/** A plain folder as a store, local or mounted; also one that artifacts were downloaded into, each in its own folder. */
export function openFolderStore(root: string): RecordStore {
  return {
    description: root,
    list: async () =>
      (await filesBelow(root)).map((file) => relative(root, file).split(sep).join('/')).sort(),
    read: async (path) => {
      try {
        return await readFile(join(root, path), 'utf8');
      } catch (cause) {
        throw new StoreError(
          'baselineUnreadable',
          `Baseline unreadable: ${path} in ${root} cannot be read. Nothing was written; check the store and its permissions.`,
          { cause },
        );
      }
    },
    add: async (files) => {
      for (const { path } of files) checkStoredPath(path);
      // All are checked before the first is written.
      const fresh: StoredFile[] = [];
      for (const file of files) if (!(await isThere(root, file))) fresh.push(file);
      for (const file of fresh) await writeOnce(root, file);
    },
  };
}

async function isThere(root: string, { path, text }: StoredFile): Promise<boolean> {
  const there = await readFile(join(root, path), 'utf8').catch(() => undefined);
  if (there === undefined) return false;
  if (there === text) return true;
  throw recordExists(path, root);
}

/** Written beside and linked: a link fails where a rename would replace what another run put there in the meantime. */
async function writeOnce(root: string, file: StoredFile): Promise<void> {
  const target = join(root, file.path);
  const beside = `${target}.${randomUUID()}${UNFINISHED}`;
  await mkdir(dirname(target), { recursive: true });
  try {
    await writeFile(beside, file.text, { flag: 'wx' });
    try {
      await link(beside, target);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      if (code === 'EEXIST') {
        await isThere(root, file);
      } else if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS' || code === 'EMLINK') {
        // A file system without links. Paths hold a hash of the content, so the file that is replaced is this one.
        if (!(await isThere(root, file))) await rename(beside, target);
      } else throw cause;
    }
  } finally {
    await rm(beside, { force: true });
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new StoreError(
      'storeUnreachable',
      `The store ${folder} cannot be listed. Check that it is a folder.`,
      {
        cause,
      },
    );
  });
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...(entry.name === '.git' ? [] : await filesBelow(path)));
    else if (entry.isFile() && !entry.name.endsWith(UNFINISHED)) files.push(path);
  }
  return files;
}

export function recordExists(path: string, store: string): StoreError {
  return new StoreError(
    'recordExists',
    `${path} is in ${store} already, with another text. Records are never rewritten: add the new one under its own path.`,
  );
}
