import { copyFile, mkdir, readFile, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { readShardIndex, shardNames } from './shard-index.ts';
import { INDEX_FILE, SINGLE_FILE } from './shard-plan.ts';
import { writeReplacing } from './file-writes.ts';

/** What a repository of the hub holds, as the cache calls it. */
export type HubKind = 'models' | 'datasets';

/**
 * The cache layout that all Hugging Face tools share, so what one fetched is found by the other:
 * `models--org--name/{blobs/<etag>, refs/<revision>, snapshots/<commit>/<file> -> ../../blobs/<etag>}`.
 */
export interface HubCache {
  readonly root: string;
  blob(etag: string): string;
  snapshot(commit: string): string;
  reference(revision: string): string;
}

export function hubCache(cacheDir: string, id: string, kind: HubKind): HubCache {
  const root = join(cacheDir, `${kind}--${id.replace('/', '--')}`);
  return {
    root,
    blob: (etag) => join(root, 'blobs', etag),
    snapshot: (commit) => join(root, 'snapshots', commit),
    reference: (revision) => join(root, 'refs', revision),
  };
}

export const COMMIT = /^[0-9a-f]{40}$/;

/** The commit that `revision` stood for when it was last fetched; a commit stands for itself. */
export async function cachedCommit(cache: HubCache, revision: string): Promise<string | undefined> {
  if (COMMIT.test(revision)) return revision;
  const text = await readFile(cache.reference(revision), 'utf8').catch(() => undefined);
  const commit = text?.trim();
  return commit !== undefined && COMMIT.test(commit) ? commit : undefined;
}

/** Whether a snapshot can be opened: config and every weight file are there. Other tools may have fetched only parts. */
export async function isCompleteSnapshot(folder: string): Promise<boolean> {
  if (!(await exists(join(folder, 'config.json')))) return false;
  if (await exists(join(folder, SINGLE_FILE))) return true;
  const index = await readShardIndex(join(folder, INDEX_FILE)).catch(() => undefined);
  if (index === undefined) return false;
  const found = await Promise.all(shardNames(index).map((name) => exists(join(folder, name))));
  return found.every(Boolean);
}

export async function hasTokenizer(folder: string): Promise<boolean> {
  const found = await Promise.all(
    ['tokenizer.json', 'tokenizer.model', 'vocab.json'].map((name) => exists(join(folder, name))),
  );
  return found.some(Boolean);
}

/** Puts `file` of a snapshot in place as a link to its blob; a copy where the system allows no links (Windows). */
export async function linkBlob(blob: string, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await symlink(relative(dirname(file), blob), file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    await copyFile(blob, file);
  }
}

export async function writeReference(cache: HubCache, revision: string, commit: string): Promise<void> {
  if (revision === commit) return;
  const path = cache.reference(revision);
  await mkdir(dirname(path), { recursive: true });
  await writeReplacing(path, commit);
}

/** Follows links: a link to a blob that was removed does not count. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
