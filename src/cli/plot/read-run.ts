import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { InherituneError } from '../../errors.ts';
import { parseTrainLog, TRAIN_LOG } from '../../train/train-log.ts';
import type { TrainLogLine } from '../../train/train-log.ts';

/** A training run as it stands in its log. */
export interface LoggedRun {
  readonly name: string;
  readonly lines: readonly TrainLogLine[];
}

/**
 * The runs at `paths`: each a `train.jsonl`, a folder with one, or a folder whose subfolders have one (a growing run).
 * They are called after their folders, or by their whole paths where two folders have one name.
 * @throws InherituneError `usage` for a path that does not exist, and for a run without a step
 */
export async function readRuns(paths: readonly string[], cwd: string): Promise<LoggedRun[]> {
  const files = (await Promise.all(paths.map((path) => logsAt(resolve(cwd, path), path)))).flat();
  const unique = [...new Set(files)];
  const names = unique.map((file) => basename(dirname(file)));
  return Promise.all(
    unique.map(async (file, i) => {
      const lines = parseTrainLog(await readFile(file, 'utf8'));
      if (lines.length === 0) {
        throw new InherituneError(
          'usage',
          `${file} has no step yet. Wait for the first one, or name another run.`,
        );
      }
      const isOnly = names.filter((name) => name === names[i]).length === 1;
      return { name: isOnly ? names[i]! : relative(cwd, dirname(file)) || '.', lines };
    }),
  );
}

async function logsAt(path: string, given: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new InherituneError(
      'usage',
      `${given} does not exist. Name the folder of a training run, or its ${TRAIN_LOG}.`,
    );
  }
  if (found.isFile()) return [path];
  if (await isFile(join(path, TRAIN_LOG))) return [join(path, TRAIN_LOG)];
  const inside = (await readdir(path)).sort().map((name) => join(path, name, TRAIN_LOG));
  const logs = (await Promise.all(inside.map(async (log) => ((await isFile(log)) ? [log] : [])))).flat();
  if (logs.length > 0) return logs;
  throw new InherituneError(
    'usage',
    `${given} has no ${TRAIN_LOG}, and no folder in it has one. Name the folder of a training run.`,
  );
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
