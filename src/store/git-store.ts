import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { recordExists } from './folder-store.ts';
import { gitRunner, isRace, lastLine, withToken } from './git-command.ts';
import type { GitResult, GitRunner } from './git-command.ts';
import type { RecordStore, StoredFile } from './record-store.ts';
import { checkStoredPath } from './record-store.ts';
import { StoreError } from './store-error.ts';

export interface GitStoreOptions {
  readonly branch: string;
  /** Address of the repository, or its path on disk; without a password in it. */
  readonly remoteUrl: string | (() => Promise<string>);
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For https remotes. */
  readonly token?: string | undefined;
  readonly sleep: (durationMs: number) => Promise<void>;
  /** In [0, 1): spreads the retries of runs that push at once. */
  readonly random: () => number;
}

/** With 100 others pushing at once, one of whom wins each round, a run gets its turn within this. */
const PUSH_ATTEMPTS = 40;
const LONGEST_WAIT_MS = 2_000;

/** Exit code of `git ls-remote --exit-code` where the branch is not there. */
const NO_SUCH_REF = 2;

interface Tip {
  /** Undefined: the branch does not exist yet. */
  readonly commit: string | undefined;
  /** Blob id by path. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * A branch that holds nothing but records, one file each, so that two runs never change the same file and a rejected push
 * is only ever built again on the new tip. All of it happens in a bare repository of the store's own in the
 * temporary folder; the user's checkout, index and configuration are not touched.
 */
export function openGitStore(options: GitStoreOptions): RecordStore {
  const { branch } = options;
  const description = `the branch ${branch}`;
  let repository: Promise<Repository> | undefined;
  const open = (): Promise<Repository> => (repository ??= Repository.create(options));
  const withRepository = async <T>(work: (repository: Repository) => Promise<T>): Promise<T> => {
    const opened = await open();
    try {
      return await work(opened);
    } finally {
      repository = undefined;
      await opened.remove();
    }
  };
  // One push at a time; what is added meanwhile goes along in the next.
  let waiting: { files: StoredFile[]; done: Promise<void> } | undefined;
  let last: Promise<void> = Promise.resolve();
  const exclusively = <T>(work: (repository: Repository) => Promise<T>): Promise<T> => {
    const turn = last.then(() => withRepository(work));
    last = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  };
  return {
    description,
    list: () => exclusively(async (opened) => [...(await opened.tip()).files.keys()].sort()),
    read: (path) => exclusively((opened) => opened.read(path)),
    add: (files) => {
      for (const { path } of files) checkStoredPath(path);
      if (waiting !== undefined) {
        waiting.files.push(...files);
        return waiting.done;
      }
      const batch = { files: [...files], done: Promise.resolve() };
      waiting = batch;
      batch.done = exclusively((opened) => {
        waiting = undefined;
        return opened.push(batch.files);
      });
      return batch.done;
    },
  };
}

class Repository {
  private readonly folder: string;
  private readonly git: GitRunner;
  private readonly options: GitStoreOptions;

  private constructor(folder: string, git: GitRunner, options: GitStoreOptions) {
    this.folder = folder;
    this.git = git;
    this.options = options;
  }

  static async create(options: GitStoreOptions): Promise<Repository> {
    const { branch, env, token } = options;
    const url = typeof options.remoteUrl === 'string' ? options.remoteUrl : await options.remoteUrl();
    if (/^https?:\/\/[^/]*@/.test(url)) {
      throw new StoreError(
        'storeRemote',
        `The remote of ${branch} has a user or password in its address, which ends up in logs. Remove it there and pass the token apart.`,
      );
    }
    const folder = await mkdtemp(join(tmpdir(), 'inheritune-store-'));
    const git = gitRunner({ cwd: folder, env: withToken(env, url, token), gitDir: folder });
    const repository = new Repository(folder, git, options);
    const valid = await git(['check-ref-format', '--branch', branch]);
    if (branch === '' || branch.startsWith('-') || valid.exitCode !== 0) {
      await repository.remove();
      throw new StoreError(
        'storeBranch',
        `${JSON.stringify(branch)} is not the name of a branch. Write the store as branch:NAME, such as branch:inheritune-data.`,
      );
    }
    await repository.must(['init', '--quiet', '--bare', folder], 'be set up');
    await repository.must(['remote', 'add', 'store', url], 'be set up');
    return repository;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** The newest commit of the branch and what it holds. Contents stay on the server until they are read, where it can do that. */
  async tip(): Promise<Tip> {
    const { branch } = this.options;
    const reference = `refs/heads/${branch}`;
    const found = await this.git(['ls-remote', '--exit-code', 'store', reference]);
    if (found.exitCode === NO_SUCH_REF) return { commit: undefined, files: new Map() };
    if (found.exitCode !== 0) throw this.unreachable('be reached', found);
    await this.must(
      [
        'fetch',
        '--quiet',
        '--depth=1',
        '--filter=blob:none',
        '--no-tags',
        'store',
        `+${reference}:${reference}`,
      ],
      'be fetched',
    );
    const commit = (await this.must(['rev-parse', '--verify', reference], 'be read')).trim();
    const tree = await this.must(['ls-tree', '-r', '-z', '--full-tree', commit], 'be read');
    const files = tree.split('\0').flatMap((line): [string, string][] => {
      const match = /^\d+ blob ([0-9a-f]+)\t(.*)$/s.exec(line);
      return match?.[1] === undefined || match[2] === undefined ? [] : [[match[2], match[1]]];
    });
    return { commit, files: new Map(files) };
  }

  async read(path: string): Promise<string> {
    const blob = (await this.tip()).files.get(path);
    const shown = blob === undefined ? undefined : await this.git(['cat-file', 'blob', blob]);
    if (shown?.exitCode === 0) return shown.stdout;
    throw new StoreError(
      'baselineUnreadable',
      `Baseline unreadable: ${path} cannot be read from the branch ${this.options.branch}${shown === undefined ? ', which does not hold it' : ''}. Nothing was written; check the branch.`,
    );
  }

  /** Builds one commit on the newest tip and pushes it; where another run was faster, all over again. */
  async push(files: readonly StoredFile[]): Promise<void> {
    const { branch, sleep, random } = this.options;
    let answer = '';
    for (let attempt = 0; attempt < PUSH_ATTEMPTS; attempt++) {
      const tip = await this.tip();
      const fresh = await this.missing(files, tip);
      if (fresh.length === 0) return;
      const commit = await this.commit(fresh, tip);
      const pushed = await this.git(['push', '--quiet', 'store', `${commit}:refs/heads/${branch}`]);
      if (pushed.exitCode === 0) return;
      answer = pushed.stderr;
      if (!isRace(answer)) throw this.unreachable('be written', pushed);
      await sleep(random() * Math.min(LONGEST_WAIT_MS, 50 * 2 ** Math.min(attempt, 6)));
    }
    throw new StoreError(
      'storeBusy',
      `${files.length} ${files.length === 1 ? 'record was' : 'records were'} not written to the branch ${branch}: other runs were faster ${PUSH_ATTEMPTS} times (${lastLine(answer)}). Run the job again.`,
      { exitCode: 1 },
    );
  }

  private async missing(files: readonly StoredFile[], { files: there }: Tip): Promise<StoredFile[]> {
    const fresh: StoredFile[] = [];
    for (const file of files) {
      const blob = there.get(file.path);
      const twin = fresh.find(({ path }) => path === file.path);
      if (blob === undefined && twin === undefined) fresh.push(file);
      else if (blob === undefined) {
        if (twin?.text !== file.text) throw recordExists(file.path, `the branch ${this.options.branch}`);
      } else {
        const hash = await this.must(['hash-object', '--stdin'], 'be read', file.text);
        if (hash.trim() !== blob) throw recordExists(file.path, `the branch ${this.options.branch}`);
      }
    }
    return fresh;
  }

  /** One process for blobs, trees and commit, with an author of its own: runners have no user.name. */
  private async commit(files: readonly StoredFile[], { commit: parent }: Tip): Promise<string> {
    const name = files.length === 1 ? (files[0]?.path ?? '') : `${files.length} records`;
    const message = `Add ${name}`;
    const stream = [
      'feature done\n',
      'commit refs/inheritune/next\n',
      'committer inheritune <inheritune@users.noreply.github.com> now\n',
      `data ${Buffer.byteLength(message)}\n${message}\n`,
      parent === undefined ? '' : `from ${parent}\n`,
      ...files.map(({ path, text }) => `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`),
      'done\n',
    ].join('');
    // Without a parent in the stream fast-import would build on what an earlier attempt left under this name.
    await this.git(['update-ref', '-d', 'refs/inheritune/next']);
    await this.must(['fast-import', '--quiet', '--force', '--date-format=now'], 'be written', stream);
    return (await this.must(['rev-parse', '--verify', 'refs/inheritune/next'], 'be written')).trim();
  }

  private async must(args: readonly string[], what: string, input?: string): Promise<string> {
    const result = await this.git(args, input);
    if (result.exitCode !== 0) throw this.unreachable(what, result);
    return result.stdout;
  }

  private unreachable(what: string, { stderr }: GitResult): StoreError {
    return new StoreError(
      'storeUnreachable',
      `The branch ${this.options.branch} could not ${what}: git says "${lastLine(stderr)}". Nothing was written; check the remote and that the token may write contents.`,
      { exitCode: 1 },
    );
  }
}
