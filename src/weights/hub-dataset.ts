import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { WeightsError } from './errors.ts';
import { COMMIT, cachedCommit, exists, hubCache, writeReference } from './hub-cache.ts';
import type { HubFile } from './hub-files.ts';
import { bringFile, checkNames, currentCommit, filesOfCommit, whileLocked } from './hub-session.ts';
import type { HubAccess } from './hub-session.ts';

export interface DatasetOptions extends HubAccess {
  /** `org/name`. */
  readonly id: string;
  /** Branch, tag, commit or `refs/convert/parquet`. */
  readonly revision: string;
  /** What is known of files beforehand, by path: a hub that lists other content is refused. */
  readonly sha256?: Readonly<Record<string, string>> | undefined;
}

export interface DatasetFiles {
  readonly commit: string;
  /** Paths inside the repository, and where the files lie. */
  readonly files: readonly { readonly path: string; readonly location: string }[];
}

/** A dataset repository; the hub is asked for its commit and listing at most once. */
export interface HubDataset {
  /**
   * Brings the files that `choose` picks from the paths of the revision. It picks none where they are not (all) there.
   * Files of a pinned commit that are in the cache need no network.
   * @throws WeightsError for whatever keeps them away
   */
  bring(choose: (paths: readonly string[]) => readonly string[]): Promise<DatasetFiles>;
}

/** A dataset on the Hugging Face hub, kept in the cache that all Hugging Face tools share (`datasets--org--name`). */
export function hubDataset(options: DatasetOptions): HubDataset {
  const { id, revision, cacheDir, offline } = options;
  checkNames(id, revision);
  const cache = hubCache(cacheDir, id, 'datasets');
  const repository = { ...options, kind: 'datasets' as const };
  const label = `${id}@${revision}`;
  let commit: Promise<string> | undefined;
  let listing: Promise<ReadonlyMap<string, HubFile>> | undefined;

  const located = (at: string, paths: readonly string[]): DatasetFiles => ({
    commit: at,
    files: paths.map((path) => ({ path, location: join(cache.snapshot(at), path) })),
  });

  return {
    async bring(choose) {
      if (offline === true || COMMIT.test(revision)) {
        const cached = await cachedCommit(cache, revision);
        const paths = cached === undefined ? [] : choose(await snapshotPaths(cache.snapshot(cached)));
        if (cached !== undefined && paths.length > 0) return located(cached, paths);
      }
      if (offline === true) {
        throw new WeightsError(
          'missing',
          `The files wanted of the dataset ${label} are not in the cache ${cache.root}, and offline mode is on. Fetch them once with the network, or copy the cache folder.`,
        );
      }
      commit ??= COMMIT.test(revision) ? Promise.resolve(revision) : currentCommit(repository, revision);
      const at = await commit;
      listing ??= filesOfCommit(repository, at, label);
      const files = await listing;
      const paths = choose([...files.keys()]);
      if (paths.length === 0) return located(at, []);
      await whileLocked(cacheDir, cache, async () => {
        for (const path of paths) await bringFile(repository, cache, at, checked(files.get(path)!, options));
        await writeReference(cache, revision, at);
      });
      return located(at, paths);
    },
  };
}

function checked(file: HubFile, { id, revision, sha256 }: DatasetOptions): HubFile {
  const known = sha256?.[file.path];
  if (known === undefined || known === file.digest.hex) return file;
  throw new WeightsError(
    'hub-corrupt',
    `The hub lists ${file.path} of ${id}@${revision} with ${file.digest.algorithm} ${file.digest.hex}, but it is known to be ${known}. Check the endpoint: this is not the pinned file.`,
  );
}

/** What is there of a snapshot; a link whose blob was removed does not count. */
async function snapshotPaths(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  const there = await Promise.all(paths.map(exists));
  return paths.filter((_, index) => there[index]).map((path) => relative(folder, path).split(sep).join('/'));
}
