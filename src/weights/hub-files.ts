import type { ListFileEntry } from '@huggingface/hub';
import { WeightsError } from './errors.ts';
import { INDEX_FILE, SINGLE_FILE } from './shard-plan.ts';
import { SIDECAR_FILES } from './sidecars.ts';

/** One file of a repository, with the digest by which the hub knows it. */
export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /** sha256 of the content for large files (LFS), the git blob's sha1 otherwise. Also its name in the cache. */
  readonly digest: { readonly algorithm: 'sha256' | 'git-sha1'; readonly hex: string };
}

/** The files of a listing by name, with what is needed to check them. */
export function hubFiles(entries: readonly ListFileEntry[], id: string): ReadonlyMap<string, HubFile> {
  const files = new Map<string, HubFile>();
  for (const { type, path, size, oid, lfs } of entries) {
    if (type !== 'file') continue;
    const hex = lfs?.oid ?? oid ?? '';
    const algorithm = lfs === undefined ? 'git-sha1' : 'sha256';
    if (!(algorithm === 'sha256' ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(hex)) {
      // The digest becomes a file name in the cache.
      throw new WeightsError(
        'hub-corrupt',
        `The hub gives no valid digest for ${path} of ${id}. Check the endpoint.`,
      );
    }
    files.set(path, { path, bytes: lfs?.size ?? size, digest: { algorithm, hex } });
  }
  return files;
}

/** The small files a model needs, and where its weights are; throws when it has none that can be read. */
export function chooseFiles(
  files: ReadonlyMap<string, HubFile>,
  id: string,
): { readonly small: readonly HubFile[]; readonly weights: HubFile; readonly sharded: boolean } {
  const config = files.get('config.json');
  if (config === undefined) {
    throw new WeightsError(
      'missing',
      `${id} on the hub has no config.json. It is not a model in transformers' layout.`,
    );
  }
  const sidecars = SIDECAR_FILES.flatMap((name) => files.get(name) ?? []);
  const single = files.get(SINGLE_FILE);
  const index = files.get(INDEX_FILE);
  const weights = single ?? index;
  if (weights !== undefined) return { small: [config, ...sidecars], weights, sharded: single === undefined };
  const pickled = [...files.keys()].find((name) => name.endsWith('.bin'));
  throw new WeightsError(
    pickled === undefined ? 'missing' : 'unsupported',
    pickled === undefined
      ? `${id} on the hub has neither ${SINGLE_FILE} nor ${INDEX_FILE}. Choose a repository with safetensors weights.`
      : `${id} on the hub has its weights only as ${pickled}, a pickle, which can run code when read. Choose a revision with safetensors (often refs/pr/1) or convert it.`,
  );
}
