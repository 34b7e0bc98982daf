import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HUB_URL, listFiles, modelInfo } from '@huggingface/hub';
import type { ListFileEntry } from '@huggingface/hub';
import pRetry, { AbortError } from 'p-retry';
import { lock } from 'proper-lockfile';
import { WeightsError } from './errors.ts';
import { writeFailed } from './file-writes.ts';
import {
  COMMIT,
  cachedCommit,
  exists,
  hasTokenizer,
  hubCache,
  isCompleteSnapshot,
  linkBlob,
  writeReference,
} from './hub-cache.ts';
import type { HubCache } from './hub-cache.ts';
import { TransientHubError, hubError } from './hub-errors.ts';
import { chooseFiles, hubFiles } from './hub-files.ts';
import type { HubFile } from './hub-files.ts';
import { givenUp, transfer } from './hub-transfer.ts';
import { readShardIndex, shardNames } from './shard-index.ts';

export interface HubProgress {
  readonly file: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface HubOptions {
  /** `org/name`. */
  readonly id: string;
  /** Branch, tag or commit; default `main`. */
  readonly revision?: string | undefined;
  /** The folder that holds `models--org--name` folders (`HF_HUB_CACHE` for other tools). */
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

/**
 * Brings a model from the Hugging Face hub into the shared cache and returns its snapshot folder. Only config, safetensors and tokenizer
 * files are fetched; each is checked against the digest that the hub lists (sha256, or git's sha1 for small files) and resumed when cut off.
 * A full commit hash that is cached whole needs no network. Two processes may ask for the same model: one fetches, the other waits.
 */
export async function downloadFromHub(options: HubOptions): Promise<string> {
  const { id } = options;
  const revision = options.revision ?? 'main';
  checkNames(id, revision);
  const cache = hubCache(options.cacheDir, id);
  if (options.offline === true) return offlineSnapshot(cache, id, revision);
  if (COMMIT.test(revision)) {
    const folder = cache.snapshot(revision);
    if ((await isCompleteSnapshot(folder)) && (await hasTokenizer(folder))) return folder;
  }

  const hub = { hubUrl: (options.endpoint ?? HUB_URL).replace(/\/+$/, ''), fetch: authorised(options) };
  const label = `${id}@${revision}`;
  const { sha } = await retrying(options, label, () =>
    modelInfo({ name: id, revision, additionalFields: ['sha'], ...hub }),
  );
  if (!COMMIT.test(sha)) {
    throw new WeightsError('hub-corrupt', `The hub gives no commit for ${label}. Check the endpoint.`);
  }
  const entries = await retrying(options, label, () =>
    collect(listFiles({ repo: id, revision: sha, ...hub })),
  );
  const files = hubFiles(entries, id);
  const { small, weights, sharded } = chooseFiles(files, id);

  const release = await lockCache(options.cacheDir, cache);
  try {
    const bring = (file: HubFile): Promise<void> => bringFile(options, cache, sha, file, hub);
    for (const file of [...small, weights]) await bring(file);
    if (sharded) {
      const index = await readShardIndex(join(cache.snapshot(sha), weights.path));
      for (const name of shardNames(index)) {
        const shard = files.get(name);
        if (shard === undefined) {
          throw new WeightsError(
            'missing',
            `${label} on the hub lacks ${name}, which its index names. Choose another revision.`,
          );
        }
        await bring(shard);
      }
    }
    // Last, so that a revision never stands for a snapshot that is only partly there.
    await writeReference(cache, revision, sha);
  } finally {
    await release();
  }
  return cache.snapshot(sha);
}

/** A 5 GB shard takes minutes: wait for another process for up to two hours; its lock is dead when it is not renewed for a minute. */
const LOCK = {
  stale: 60_000,
  retries: { retries: 7200, factor: 1, minTimeout: 1000, maxTimeout: 1000 },
  // Two writers at once can at worst damage a partial file, which its digest tells.
  onCompromised: () => undefined,
};

/** Locks stand where huggingface_hub has its own, out of the way of tools that list the cache. */
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

const DEFAULT_RETRY = { retries: 5, minTimeoutMs: 1000 };

function checkNames(id: string, revision: string): void {
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

async function offlineSnapshot(cache: HubCache, id: string, revision: string): Promise<string> {
  const commit = await cachedCommit(cache, revision);
  if (commit !== undefined && (await isCompleteSnapshot(cache.snapshot(commit))))
    return cache.snapshot(commit);
  throw new WeightsError(
    'missing',
    `${id}@${revision} is not completely in the cache ${cache.root}, and offline mode is on. Fetch it once with the network, or copy the cache folder.`,
  );
}

async function bringFile(
  options: HubOptions,
  cache: HubCache,
  commit: string,
  file: HubFile,
  hub: { readonly hubUrl: string; readonly fetch: typeof fetch },
): Promise<void> {
  const link = join(cache.snapshot(commit), file.path);
  if (await exists(link)) return;
  const target = cache.blob(file.digest.hex);
  if (!(await exists(target))) {
    const url = `${hub.hubUrl}/${options.id}/resolve/${commit}/${encodeURIComponent(file.path)}`;
    const onBytes = (doneBytes: number): void =>
      options.onProgress?.({ file: file.path, doneBytes, totalBytes: file.bytes });
    await retrying(options, `${file.path} of ${options.id}`, () =>
      transfer({ url, target, file, fetch: hub.fetch, onBytes }),
    );
  }
  await linkBlob(target, link);
}

/** Adds the token, but to requests for the endpoint alone: large files are redirected to storage that signs its own links. */
function authorised(options: HubOptions): typeof fetch {
  const { token, fetch: plainFetch } = options;
  if (token === undefined || token === '') return plainFetch;
  const origin = new URL(options.endpoint ?? HUB_URL).origin;
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (new URL(url).origin !== origin) return plainFetch(input, init);
    const headers = new Headers(init?.headers);
    headers.set('Authorization', `Bearer ${token}`);
    return plainFetch(input, { ...init, headers });
  };
}

async function retrying<T>(options: HubOptions, what: string, attempt: () => Promise<T>): Promise<T> {
  const { retries, minTimeoutMs } = options.retry ?? DEFAULT_RETRY;
  try {
    return await pRetry(
      async () => {
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
        async onFailedAttempt(error) {
          if (error instanceof TransientHubError && error.retriesLeft > 0)
            await sleep(error.retryAfterMs ?? 0);
        },
      },
    );
  } catch (error) {
    throw error instanceof TransientHubError ? givenUp(error, what, retries + 1) : error;
  }
}

async function collect(entries: AsyncIterable<ListFileEntry>): Promise<ListFileEntry[]> {
  const list: ListFileEntry[] = [];
  for await (const entry of entries) list.push(entry);
  return list;
}
