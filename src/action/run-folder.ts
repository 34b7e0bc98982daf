import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a step leaves in its output folder, by the names of the action's outputs. */
export interface RunFiles {
  readonly 'report-path'?: string;
  readonly 'results-path'?: string;
  readonly 'model-path'?: string;
  readonly 'record-path'?: string;
  readonly 'ledger-path'?: string;
}

const REPORT = 'report.md';
const RESULTS = 'results.json';
/** The trained model lies in the folder itself; without training the inherited one is the result. */
const MODEL_FOLDERS = ['.', 'inherited'] as const;
const MODEL_FILE = 'config.json';

/** Identity of what lay in the folder before the run, by path below it. */
export type RunFolderState = Readonly<Record<string, string | undefined>>;

/** Notes what an earlier run left in the folder, so that its report is not taken for this run's. */
export function inspectRunFolder(folder: string): RunFolderState {
  const paths = [REPORT, ...MODEL_FOLDERS.map((model) => join(model, MODEL_FILE))];
  return Object.fromEntries(paths.map((path) => [path, identity(join(folder, path))]));
}

/**
 * What a complete run left, as paths below `out` as the user wrote it. The report must be this run's own; results and model may
 * be an earlier run's that this one continued or reused.
 * @param places below `folder` where the model may be
 */
export function runFiles(
  folder: string,
  before: RunFolderState,
  out: string,
  places: readonly string[] = MODEL_FOLDERS,
): RunFiles {
  const isThere = (path: string): boolean => identity(join(folder, path)) !== undefined;
  const isNew = (path: string): boolean => isThere(path) && identity(join(folder, path)) !== before[path];
  const model =
    places.find((candidate) => isNew(join(candidate, MODEL_FILE))) ??
    places.find((candidate) => isThere(join(candidate, MODEL_FILE)));
  return {
    ...(isNew(REPORT) && { 'report-path': join(out, REPORT) }),
    ...(isThere(RESULTS) && { 'results-path': join(out, RESULTS) }),
    ...(model !== undefined && { 'model-path': join(out, model) }),
  };
}

/** The report's text, or undefined when this run wrote none. */
export function readReport(folder: string, files: RunFiles): string | undefined {
  return files['report-path'] === undefined ? undefined : readFileSync(join(folder, REPORT), 'utf8');
}

/** Files are written beside and renamed, so a rewritten one has another inode even within the clock's resolution. */
function identity(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && [stat.ino, stat.size, stat.mtimeMs].join(':');
}
