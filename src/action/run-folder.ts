import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What `inheritune run` leaves in its output folder, by the names of the action's outputs. */
export const RUN_FILES = {
  'report-path': 'report.md',
  'results-path': 'results.json',
  'model-path': 'model',
} as const;

export type RunFile = keyof typeof RUN_FILES;

/** Identity of each file before the run; a folder is identified by its `config.json`. */
export type RunFolderState = Readonly<Record<RunFile, string | undefined>>;

/** Notes what an earlier run left in the folder, so that it is not taken for this run's result. */
export function inspectRunFolder(folder: string): RunFolderState {
  return {
    'report-path': identity(join(folder, RUN_FILES['report-path'])),
    'results-path': identity(join(folder, RUN_FILES['results-path'])),
    'model-path': identity(join(folder, RUN_FILES['model-path'], 'config.json')),
  };
}

/** The paths, below `out` as the user wrote it, of what this run wrote. */
export function newRunFiles(
  folder: string,
  before: RunFolderState,
  out: string,
  acceptOlder: readonly RunFile[],
): Partial<Record<RunFile, string>> {
  const now = inspectRunFolder(folder);
  const files = Object.keys(RUN_FILES) as RunFile[];
  return Object.fromEntries(
    files
      .filter((file) => now[file] !== undefined && (now[file] !== before[file] || acceptOlder.includes(file)))
      .map((file) => [file, join(out, RUN_FILES[file])]),
  );
}

/** The report's text, or undefined when this run wrote none. */
export function readReport(folder: string, files: Partial<Record<RunFile, string>>): string | undefined {
  return files['report-path'] === undefined
    ? undefined
    : readFileSync(join(folder, RUN_FILES['report-path']), 'utf8');
}

/** Files are written beside and renamed, so a rewritten one has another inode even within the clock's resolution. */
function identity(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && [stat.ino, stat.size, stat.mtimeMs].join(':');
}
