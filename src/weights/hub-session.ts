import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HUB_URL, datasetInfo, listFiles, modelInfo } from '@huggingface/hub';
import type { ListFileEntry } from '@huggingface/hub';
import pRetry, { AbortError } from 'p-retry';
import { lock } from 'proper-lockfile';
import { WeightsError } from './errors.ts';
import { writeFailed } from './file-writes.ts';
import { COMMIT, exists, linkBlob } from './hub-cache.ts';
import type { HubCache, HubKind } from './hub-cache.ts';
import { TransientHubError, hubError } from './hub-errors.ts';
import { hubFiles } from './hub-files.ts';
import type { HubFile } from './hub-files.ts';
import { givenUp, transfer } from './hub-transfer.ts';

export interface HubProgress {
  readonly file: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** How a hub is reached and where its files are kept. */
export interface HubAccess {
  /** The folder that holds `models--org--name` and `datasets--org--name` folders (`HF_HUB_CACHE` for other tools). */
  readonly cacheDir: string;
  readonly fetch: typeof fetch;
  /** Base address of the hub; default the public one. */
  readonly endpoint?: string | undefined;
  /** Sent to the endpoint's own origin only, and never part of a message. */
  readonly token?: string | undefined;
  /** Use the cache alone; nothing is asked for. */
  readonly offline?: boolean | undefined;
  readonly onProgress?: ((progress: HubProgress) => void) | undefined;
  /** Further tries after a fault that may pass (429, 5xx, network, cut-off or damaged file), with doubling waits. */
  readonly retry?: { readonly retries: number; readonly minTimeoutMs: number } | undefined;
}

/** One repository of the hub. */
export interface HubRepository extends HubAccess {
  readonly kind: HubKind;
  /** `org/name`. */
  readonly id: string;
}

/** The names become paths below the cache folder. */
export function checkNames(id: string, revision: string): void {
  if (!/^[\w.-]+\/[\w.-]+$/.test(id) || id.includes('..') || id.includes('--')) {
    throw new WeightsError('bad-spec', `${JSON.stringify(id)} is not a hub id. It has the form org/name.`);
  }
  // It becomes a path below refs/.
  if (!/^[\w./-]+$/.test(revision) || revision.split('/').some((part) => part === '' || /^\.+$/.test(part))) {
    throw new WeightsError(
      'bad-spec',
      `${JSON.stringify(revision)} is not a branch, tag or commit. Check the part after @.`,
    );
  }
}

/** The commit that a branch, tag or commit stands for now. */
export async function currentCommit(repository: HubRepository, revision: string): Promise<string> {
  const label = `${repository.id}@${revision}`;
  const about = { name: repository.id, revision, additionalFields: ['sha' as const], ...hub(repository) };
  const { sha } = await retrying(repository, label, () =>
    repository.kind === 'models' ? modelInfo(about) : datasetInfo(about),
  );
  if (!COMMIT.test(sha)) {
    throw new WeightsError('hub-corrupt', `The hub gives no commit for ${label}. Check the endpoint.`);
  }
  return sha;
}

/** The files of a commit by path, with the digests by which they are checked; of a model those of its top folder only. */
export async function filesOfCommit(
  repository: HubRepository,
  commit: string,
  label: string,
): Promise<ReadonlyMap<string, HubFile>> {
  const { id, kind } = repository;
  const repo = { type: kind === 'models' ? ('model' as const) : ('dataset' as const), name: id };
  const entries = await retrying(repository, label, () =>
    collect(listFiles({ repo, revision: commit, recursive: kind === 'datasets', ...hub(repository) })),
  );
  return hubFiles(entries, id);
}

/** Brings one file into the cache and links it into the commit's snapshot, unless it is there. */
export async function bringFile(
  repository: HubRepository,
  cache: HubCache,
  commit: string,
  file: HubFile,
): Promise<void> {
  const link = join(cache.snapshot(commit), file.path);
  if (await exists(link)) return;
  const target = cache.blob(file.digest.hex);
  if (!(await exists(target))) {
    const { hubUrl, fetch } = hub(repository);
    const folder = repository.kind === 'models' ? '' : 'datasets/';
    const path = file.path.split('/').map(encodeURIComponent).join('/');
    const url = `${hubUrl}/${folder}${repository.id}/resolve/${commit}/${path}`;
    const onBytes = (doneBytes: number): void =>
      repository.onProgress?.({ file: file.path, doneBytes, totalBytes: file.bytes });
    await retrying(repository, `${file.path} of ${repository.id}`, () =>
      transfer({ url, target, file, fetch, onBytes }),
    );
  }
  await linkBlob(target, link);
}

/** A 5 GB shard takes minutes: wait for another process for up to two hours; its lock is dead when it is not renewed for a minute. */
const LOCK = {
  stale: 60_000,
  retries: { retries: 7200, factor: 1, minTimeout: 1000, maxTimeout: 1000 },
  // Two writers at once can at worst damage a partial file, which its digest tells.
  onCompromised: () => undefined,
};

/** Does `work` while no other process writes the repository's cache. Locks stand where huggingface_hub has its own. */
export async function whileLocked<T>(cacheDir: string, cache: HubCache, work: () => Promise<T>): Promise<T> {
  const release = await lockCache(cacheDir, cache);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function lockCache(cacheDir: string, cache: HubCache): Promise<() => Promise<void>> {
  const locks = join(cacheDir, '.locks', basename(cache.root));
  try {
    await mkdir(locks, { recursive: true });
    await mkdir(cache.root, { recursive: true });
    return await lock(cache.root, { ...LOCK, lockfilePath: join(locks, 'inheritune.lock') });
  } catch (cause) {
    throw writeFailed(cacheDir, cause);
  }
}

function hub(access: HubAccess): { readonly hubUrl: string; readonly fetch: typeof fetch } {
  return { hubUrl: (access.endpoint ?? HUB_URL).replace(/\/+$/, ''), fetch: authorised(access) };
}

/** Adds the token, but to requests for the endpoint alone: large files are redirected to storage that signs its own links. */
function authorised(access: HubAccess): typeof fetch {
  const { token, fetch: plainFetch } = access;
  if (token === undefined || token === '') return plainFetch;
  const origin = new URL(access.endpoint ?? HUB_URL).origin;
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (new URL(url).origin !== origin) return plainFetch(input, init);
    const headers = new Headers(init?.headers);
    headers.set('Authorization', `Bearer ${token}`);
    return plainFetch(input, { ...init, headers });
  };
}

const DEFAULT_RETRY = { retries: 5, minTimeoutMs: 1000 };
/** A hub that was never reached is given up at the first try after this: a wrong address does not become right. */
const UNREACHABLE_AFTER_MS = 5000;

async function retrying<T>(access: HubAccess, what: string, attempt: () => Promise<T>): Promise<T> {
  const { retries, minTimeoutMs } = access.retry ?? DEFAULT_RETRY;
  const started = performance.now();
  let tries = 0;
  let reached = false;
  try {
    return await pRetry(
      async () => {
        tries++;
        try {
          return await attempt();
        } catch (cause) {
          const error = hubError(cause, what);
          throw error instanceof TransientHubError ? error : new AbortError(error);
        }
      },
      {
        retries,
        minTimeout: minTimeoutMs,
        maxTimeout: 60_000,
        shouldRetry(error) {
          reached ||= !(error instanceof TransientHubError && error.unreachable);
          return reached || performance.now() - started < UNREACHABLE_AFTER_MS;
        },
        async onFailedAttempt(error) {
          if (error instanceof TransientHubError && error.retriesLeft > 0)
            await sleep(error.retryAfterMs ?? 0);
        },
      },
    );
  } catch (error) {
    throw error instanceof TransientHubError ? givenUp(error, what, tries) : error;
  }
}

async function collect(entries: AsyncIterable<ListFileEntry>): Promise<ListFileEntry[]> {
  const list: ListFileEntry[] = [];
  for await (const entry of entries) list.push(entry);
  return list;
}
