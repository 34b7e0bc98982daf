import { createHash } from 'node:crypto';
import type { RunRecord } from './run-record.ts';
import { runRecordText } from './run-record.ts';

/** Stands for the commit of a run outside of any repository. */
const NO_COMMIT = 'no-commit';

/** What the path of a stored record says: enough to choose a baseline without reading a single file. */
export interface RecordEntry {
  readonly path: string;
  readonly name: string;
  readonly commit: string | undefined;
  /** ISO time in seconds. */
  readonly createdAt: string;
}

/** `runs/<recipe>/<commit>/<time>-<hash>.json`: the hash of the content makes it unique, so two runs never meet in one file. */
export function runRecordPath(record: RunRecord): string {
  const time = record.createdAt.slice(0, 19).replace(/[-:]/g, '');
  const hash = createHash('sha256').update(runRecordText(record)).digest('hex').slice(0, 16);
  return `runs/${record.name}/${record.commit ?? NO_COMMIT}/${time}Z-${hash}.json`;
}

/** The entry behind a path; undefined for other files. The path may have folders in front, as downloaded artifacts do. */
export function parseRunRecordPath(path: string): RecordEntry | undefined {
  const match =
    /(?:^|\/)runs\/([^/]+)\/([0-9a-f]{40,64}|no-commit)\/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]{16}\.json$/.exec(
      path,
    );
  if (match === null) return undefined;
  const [, name = '', commit, year, month, day, hours, minutes, seconds] = match;
  return {
    path,
    name,
    commit: commit === NO_COMMIT ? undefined : commit,
    createdAt: `${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`,
  };
}

/** A record's path without the folders in front, which differ from store to store. */
export function pathInStore(path: string): string {
  return path.split('/').slice(-4).join('/');
}
