import { join } from 'node:path';
import { WeightsError } from './errors.ts';
import {
  COMMIT,
  cachedCommit,
  hasTokenizer,
  hubCache,
  isCompleteSnapshot,
  writeReference,
} from './hub-cache.ts';
import type { HubCache } from './hub-cache.ts';
import { chooseFiles } from './hub-files.ts';
import type { HubFile } from './hub-files.ts';
import { bringFile, checkNames, currentCommit, filesOfCommit, whileLocked } from './hub-session.ts';
import type { HubAccess } from './hub-session.ts';
import { readShardIndex, shardNames } from './shard-index.ts';

export interface HubOptions extends HubAccess {
  /** `org/name`. */
  readonly id: string;
  /** Branch, tag or commit; default `main`. */
  readonly revision?: string | undefined;
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
  const cache = hubCache(options.cacheDir, id, 'models');
  if (options.offline === true) return offlineSnapshot(cache, id, revision);
  if (COMMIT.test(revision)) {
    const folder = cache.snapshot(revision);
    if ((await isCompleteSnapshot(folder)) && (await hasTokenizer(folder))) return folder;
  }

  const repository = { ...options, kind: 'models' as const };
  const label = `${id}@${revision}`;
  const commit = await currentCommit(repository, revision);
  const files = await filesOfCommit(repository, commit, label);
  const { small, weights, sharded } = chooseFiles(files, id);
  await whileLocked(options.cacheDir, cache, async () => {
    const bring = (file: HubFile): Promise<void> => bringFile(repository, cache, commit, file);
    for (const file of [...small, weights]) await bring(file);
    if (sharded) {
      const index = await readShardIndex(join(cache.snapshot(commit), weights.path));
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
    await writeReference(cache, revision, commit);
  });
  return cache.snapshot(commit);
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
