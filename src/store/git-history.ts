import { gitRunner } from './git-command.ts';
import type { BaselineQuestion } from './baseline.ts';
import { StoreError } from './store-error.ts';

/** Ancestors looked at; a baseline further back than this says little about a change. */
const ANCESTORS = 500;

/**
 * What a checkout knows for the choice of a baseline: the merge base of head and the branch, its ancestors along the first
 * parent, nearest first, and the branch's newest commits. A shallow checkout knows few or none of them.
 * @throws StoreError `noSuchCommit` where `head` is none of this repository
 */
export async function readHistory(options: {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly head: string;
  /** The branch that head is to be merged into, as git finds it here: "origin/main". */
  readonly branch: string;
}): Promise<Omit<BaselineQuestion, 'name'>> {
  const git = gitRunner(options);
  const resolved = async (revision: string): Promise<string | undefined> => {
    const found = await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]);
    return found.exitCode === 0 ? found.stdout.trim() : undefined;
  };
  const history = async (commit: string): Promise<string[]> => {
    const found = await git(['rev-list', '--first-parent', `--max-count=${ANCESTORS + 1}`, commit]);
    return found.exitCode === 0 ? found.stdout.split('\n').filter((line) => line !== '') : [];
  };
  const [head, branch] = [await resolved(options.head), await resolved(options.branch)];
  if (head === undefined) {
    throw new StoreError(
      'noSuchCommit',
      `${options.head} is no commit of the repository in ${options.cwd}. Fetch it first (actions/checkout: fetch-depth: 0).`,
    );
  }
  const base = branch === undefined ? undefined : await git(['merge-base', head, branch]);
  const mergeBase = base?.exitCode === 0 ? base.stdout.trim() : undefined;
  return {
    head,
    mergeBase,
    ancestors: mergeBase === undefined ? [] : (await history(mergeBase)).slice(1),
    branch: branch === undefined ? undefined : { name: options.branch, commits: await history(branch) },
  };
}

/** The commit that is checked out around `cwd`; undefined outside of a repository. */
export async function checkedOutCommit(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const found = await gitRunner({ cwd, env })(['rev-parse', '--verify', 'HEAD']);
  return found.exitCode === 0 ? found.stdout.trim() : undefined;
}

/** Where `origin` points to. @throws StoreError `storeRemote` without one */
export async function originUrl(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const found = await gitRunner({ cwd, env })(['remote', 'get-url', 'origin']);
  if (found.exitCode === 0) return found.stdout.trim();
  throw new StoreError(
    'storeRemote',
    `The repository in ${cwd} has no remote "origin". Run this in a checkout, or name a folder as the store.`,
  );
}
