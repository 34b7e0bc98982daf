import { existsSync } from 'node:fs';
import { access, constants, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import envPaths from 'env-paths';
import type { LockOptions } from 'proper-lockfile';
import { check, lock } from 'proper-lockfile';
import type { Progress } from '../progress.ts';
import { EngineError } from './engine-error.ts';

export interface CacheRootOptions {
  /** Overrides the other places. */
  readonly cacheRoot?: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Where downloaded things are kept: as told, else the runner's tool cache, else the user's cache folder. */
export function cacheRootFolder(options: CacheRootOptions): string {
  if (options.cacheRoot) return resolve(options.cacheRoot);
  const toolCache = options.env['RUNNER_TOOL_CACHE'];
  if (toolCache) return join(toolCache, 'inheritune');
  return envPaths('inheritune', { suffix: '' }).cache;
}

export interface ComposeOptions {
  /** Says that another process is at work, when one is. */
  readonly progress: Progress;
  /** After how long a lock that nobody renews counts as left behind by a killed process. Default 20 s. */
  readonly staleLockMs?: number;
}

/**
 * Makes `folder` exactly once: `compose` fills a temporary folder beside it, which is then renamed. Two processes
 * do not both compose: the second waits and finds the folder. What a killed process left is removed.
 * An existing folder for which `isCurrent` says no is replaced.
 *
 * @throws EngineError `engine-cache` when the cache cannot be written, and whatever `compose` throws.
 */
export async function composeFolder(
  folder: string,
  isCurrent: (folder: string) => Promise<boolean>,
  compose: (temporary: string) => Promise<void>,
  options: ComposeOptions,
): Promise<'found' | 'composed'> {
  if (existsSync(folder) && (await isCurrent(folder))) return 'found';
  await makeParent(folder);
  const release = await takeLock(folder, options);
  try {
    await removeLeftovers(folder, options.staleLockMs ?? STALE_LOCK_MS);
    if (existsSync(folder) && (await isCurrent(folder))) return 'found';
    const temporary = `${folder}.tmp-${process.pid}`;
    try {
      await mkdir(temporary);
      await compose(temporary);
      await rm(folder, { recursive: true, force: true });
      await rename(temporary, folder);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw isDiskFull(error) ? diskError(folder, error) : error;
    }
    return 'composed';
  } finally {
    // A lock that was taken for stale meanwhile is no longer ours to release.
    await release().catch(() => undefined);
  }
}

/** Whether files can be made in the folder, or in the nearest of its parents that exists. */
export async function isWritable(folder: string): Promise<boolean> {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  return access(existing, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

const STALE_LOCK_MS = 20_000;

async function makeParent(folder: string): Promise<void> {
  try {
    await mkdir(dirname(folder), { recursive: true });
    await access(dirname(folder), constants.W_OK);
  } catch (cause) {
    throw cacheError(dirname(folder), cause);
  }
}

/**
 * Whoever holds the lock is alone, so a temporary folder of the same name belongs to a process that is gone; one of
 * another name (an older version's, up to 6 GB) does when its lock is free. Listed first, so that it is not one
 * that was begun after the look at its lock.
 */
async function removeLeftovers(folder: string, stale: number): Promise<void> {
  for (const name of await readdir(dirname(folder))) {
    const owner = /^(.*)\.tmp-\d+$/.exec(name)?.[1];
    if (owner === undefined) continue;
    const ownerFolder = join(dirname(folder), owner);
    const isAtWork = ownerFolder !== folder && (await check(ownerFolder, { realpath: false, stale }));
    if (!isAtWork) await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
}

async function takeLock(folder: string, options: ComposeOptions): Promise<() => Promise<void>> {
  const settings: LockOptions = {
    realpath: false,
    stale: options.staleLockMs ?? STALE_LOCK_MS,
    // A lock lost to a suspended machine ends in a second, identical composition: wasteful, not wrong.
    onCompromised: () => undefined,
  };
  try {
    return await lock(folder, settings);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ELOCKED') throw cacheError(dirname(folder), cause);
  }
  options.progress.note(`Another process is setting up ${folder}; waiting for it.`);
  try {
    return await lock(folder, { ...settings, retries: { retries: 3600, factor: 1, minTimeout: 1000 } });
  } catch (cause) {
    throw cacheError(dirname(folder), cause);
  }
}

function isDiskFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function diskError(folder: string, cause: unknown): EngineError {
  return new EngineError(
    'engine-disk',
    `The disk is full while making ${folder}; what was there of it is removed. Free some space, or move the cache with --cache-dir or RUNNER_TOOL_CACHE.`,
    { cause },
  );
}

function cacheError(folder: string, cause: unknown): EngineError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new EngineError(
    'engine-cache',
    `The cache folder ${folder} cannot be written (${code}). Make it writable, or choose another with --cache-dir, RUNNER_TOOL_CACHE or XDG_CACHE_HOME.`,
    { cause },
  );
}
