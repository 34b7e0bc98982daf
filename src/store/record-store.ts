import { resolve } from 'node:path';
import { openFolderStore } from './folder-store.ts';
import { openGitStore } from './git-store.ts';
import type { GitStoreOptions } from './git-store.ts';
import { StoreError } from './store-error.ts';

/** A new file of a store; its path says what it is. */
export interface StoredFile {
  /** Relative, with `/`; parts of letters, digits, dots, dashes and underscores. */
  readonly path: string;
  readonly text: string;
}

/** Immutable files: added, listed, read, and never rewritten. */
export interface RecordStore {
  /** How people call it, in messages. */
  readonly description: string;
  /** Every file's path, sorted. An absent store is empty; one that cannot be reached is an error. */
  list(): Promise<string[]>;
  /** @throws StoreError `baselineUnreadable` */
  read(path: string): Promise<string>;
  /**
   * Adds all of the files or none. A file that is there with the same text is left alone.
   * @throws StoreError `recordExists` where it holds another text; `storeUnreachable`; `storeBusy`
   */
  add(files: readonly StoredFile[]): Promise<void>;
}

/**
 * A store by its name on the command line: `branch:NAME` is a branch of the repository's remote, anything else a folder (also
 * the folder that artifacts were downloaded into).
 */
export function openStore(
  spec: string,
  options: { readonly cwd: string } & Omit<GitStoreOptions, 'branch' | 'remoteUrl'> & {
      /** Where `branch:` is pushed to. */
      readonly remoteUrl: () => Promise<string>;
    },
): RecordStore {
  const branch = /^branch:(.*)$/s.exec(spec)?.[1];
  if (branch === undefined) return openFolderStore(resolve(options.cwd, spec));
  return openGitStore({ ...options, branch });
}

/** A path that stays inside the store on every system. */
export function checkStoredPath(path: string): void {
  const isSafe = path.split('/').every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(part));
  if (isSafe) return;
  throw new StoreError(
    'storedPath',
    `${JSON.stringify(path)} cannot be the path of a record. Use letters, digits, dots, dashes and underscores between slashes.`,
  );
}
