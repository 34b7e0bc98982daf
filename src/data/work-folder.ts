import { mkdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import writeFileAtomic from 'write-file-atomic';

import { DataError } from './data-error.ts';

import type { SourcesRecord } from './index-sources.ts';

/** How far a part (training or validation) is, at the end of its last complete shard. Plain data. */
export interface PartState {
  readonly shards: readonly ShardRecord[];
  /** For each stream of the mixture: documents taken (wholly written, until the part is finished) and their tokens. */
  readonly streams: readonly { readonly documents: number; readonly tokens: number }[];
  /** For each source: documents begun, and tokens written. */
  readonly sources: readonly { readonly documents: number; readonly tokens: number }[];
  /** Tokens written of the document that the last shard ends in; 0 where it ends with a document. */
  readonly carried: number;
  readonly finished: boolean;
}

export interface ShardRecord {
  readonly file: string;
  readonly tokens: number;
  readonly sha256: string;
}

/** What an unfinished preparation leaves for the next start. */
export interface WorkState {
  readonly version: 1;
  /** Hash of all that the result depends on. */
  readonly inputs: string;
  readonly sources?: SourcesRecord;
  readonly validation?: PartState;
  readonly train?: PartState;
}

/** The folder beside the result in which it is made. */
export interface WorkFolder {
  readonly path: string;
  /** Becomes the result. */
  readonly result: string;
  readonly spool: string;
  readonly index: string;
  /** Whether there was something to go on from. */
  readonly resumed: boolean;
  state(): WorkState;
  save(change: Partial<WorkState>): Promise<void>;
  /** Lets another process in; what is there stays. */
  release(): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Takes the work folder of `outFolder`; one process at a time. What another set of inputs left in it is removed.
 * @throws DataError `output-busy` where a process that lives holds it.
 */
export async function openWorkFolder(outFolder: string, inputs: string): Promise<WorkFolder> {
  const path = `${outFolder}.partial`;
  await mkdir(path, { recursive: true });
  await claim(path, outFolder);
  const statePath = join(path, 'state.json');
  const found = await readState(statePath);
  let state: WorkState = { version: 1, inputs };
  const resumed = found?.inputs === inputs;
  if (resumed) {
    state = found;
  } else {
    for (const name of ['state.json', 'documents.index', 'spool', 'result']) {
      await rm(join(path, name), { recursive: true, force: true });
    }
  }
  const result = join(path, 'result');
  await mkdir(result, { recursive: true });
  return {
    path,
    result,
    spool: join(path, 'spool'),
    index: join(path, 'documents.index'),
    resumed: resumed && state.sources !== undefined,
    state: () => state,
    async save(change) {
      state = { ...state, ...change };
      await writeFileAtomic(statePath, `${JSON.stringify(state)}\n`);
    },
    release: () => rm(join(path, OWNER), { force: true }),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

const OWNER = 'owner.json';

/** A killed process leaves its name behind: it counts only while that process lives, on this machine. */
async function claim(path: string, outFolder: string): Promise<void> {
  const file = join(path, OWNER);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const owner = parse(text) as { pid?: unknown; host?: unknown } | undefined;
  const pid = owner?.pid;
  if (typeof pid === 'number' && pid !== process.pid && owner?.host === hostname() && isAlive(pid)) {
    throw new DataError(
      'output-busy',
      `Process ${String(pid)} is preparing ${outFolder} already. Wait for it, name another output folder, or remove ${file} if that process is another program.`,
    );
  }
  await writeFileAtomic(file, JSON.stringify({ pid: process.pid, host: hostname() }));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function readState(path: string): Promise<WorkState | undefined> {
  const state = parse(await readFile(path, 'utf8').catch(() => undefined)) as WorkState | undefined;
  return state?.version === 1 ? state : undefined;
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}
