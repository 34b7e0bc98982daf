import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { EvaluateError } from '../evaluate-error.ts';
import { parseJsonLines } from '../load-rows.ts';
import type { RowLoader } from '../load-rows.ts';
import type { CustomDefinition } from './custom-schema.ts';
import type { CustomTaskPlaces } from './custom-task.ts';

/**
 * Where a task file's rows are: the file given as `--data`; else the split's file in `dataset_kwargs.data_files` (as
 * `datasets` reads `dataset_path: json`), else `dataset_path` itself, a `.jsonl` file or a folder that holds
 * `<split>.jsonl`; without a dataset_path `<task>.jsonl` in the folder given as `--data`.
 * Relative paths are looked for where the command was started, then beside the task file.
 */
export function customRows(
  definition: CustomDefinition,
  taskFile: string,
  { cwd, data }: CustomTaskPlaces,
): RowLoader {
  return async () => {
    const candidates = await rowFiles(definition, taskFile, cwd, data);
    for (const candidate of candidates) {
      if ((await kindOf(candidate)) !== 'file') continue;
      return { status: 'loaded', rows: parseJsonLines(await readFile(candidate), candidate) };
    }
    throw new EvaluateError(
      'bad-task-file',
      `${taskFile}: the rows of ${definition.task} were not found (looked for ${candidates.join(', ')}). Correct dataset_path or dataset_kwargs.data_files, or give the file with --data.`,
    );
  };
}

async function rowFiles(
  { task, dataset_path: dataset, dataset_kwargs: options, ...splits }: CustomDefinition,
  taskFile: string,
  cwd: string,
  data: string | undefined,
): Promise<string[]> {
  if (data !== undefined && (await kindOf(data)) === 'file') return [data];
  const split = splits.test_split ?? splits.validation_split ?? '';
  const places = (path: string): string[] => [
    ...new Set([resolve(cwd, path), resolve(dirname(taskFile), path)]),
  ];
  if (options !== undefined) return places(dataFile(options.data_files, split, taskFile));
  if (dataset === undefined) return data === undefined ? [] : [join(data, `${task}.jsonl`)];
  return places(dataset).flatMap((place) => [place, join(place, `${split}.jsonl`)]);
}

function dataFile(
  files: NonNullable<CustomDefinition['dataset_kwargs']>['data_files'],
  split: string,
  taskFile: string,
): string {
  // `datasets` calls the one file of a plain string "train".
  const found = typeof files === 'string' ? (split === 'train' ? files : undefined) : files[split];
  const file = Array.isArray(found) ? (found.length === 1 ? found[0] : undefined) : found;
  if (file !== undefined) return file;
  throw new EvaluateError(
    'bad-task-file',
    `${taskFile}: dataset_kwargs.data_files has no single file for the split ${split}. Write data_files: { ${split}: FILE.jsonl }.`,
  );
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  return stat(path).then(
    (found) => (found.isDirectory() ? 'folder' : 'file'),
    () => undefined,
  );
}
