import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { EvaluateError } from './evaluate-error.ts';
import { badRow, malformedLine } from './row-errors.ts';
import type { Question, Task } from './tasks/task.ts';

/** One JSON line, unchecked, and where it came from. */
export interface SourceRow {
  readonly file: string;
  readonly line: number;
  readonly value: unknown;
}

/** `scored` is the split that is evaluated, the others hold few-shot examples. */
export type RowSplit = 'scored' | 'train' | 'dev';

export type LoadedRows =
  | { readonly status: 'loaded'; readonly rows: readonly SourceRow[] }
  | { readonly status: 'unavailable'; readonly reason: string };

/** Where rows come from: a folder (`folderRows`), or whatever else can answer for a task's `hub` source. */
export type RowLoader = (task: Task, split: RowSplit) => Promise<LoadedRows>;

/** A row as a question; `value` is kept because lm-eval compares whole rows when it draws examples. */
export interface LoadedQuestion {
  readonly question: Question;
  readonly value: unknown;
}

/** MMLU's 114 files may stand in a folder of their own. */
const SUBFOLDERS = ['.', 'mmlu'];
const LINE_FEED = 0x0a;

/**
 * Reads `<task>.jsonl`, and `<task>.train.jsonl` or `<task>.dev.jsonl` for examples, from a folder.
 * @throws EvaluateError `no-data-folder` if the folder is not there; a missing file is `unavailable`, not an error
 */
export function folderRows(folder: string): RowLoader {
  return async (task, split) => {
    const ending = split === 'scored' ? '.jsonl' : `.${split}.jsonl`;
    const names = [...new Set(task.exactFile === true ? [task.file] : [task.file, task.name])].map(
      (name) => name + ending,
    );
    for (const candidate of SUBFOLDERS.flatMap((sub) => names.map((name) => path.join(folder, sub, name)))) {
      const bytes = await readIfThere(candidate);
      if (bytes !== undefined) return { status: 'loaded', rows: parseJsonLines(bytes, candidate) };
    }
    if (!(await isFolder(folder))) {
      throw new EvaluateError(
        'no-data-folder',
        `There is no data folder ${folder}. Give the folder that holds the <task>.jsonl files.`,
      );
    }
    return { status: 'unavailable', reason: `${names.join(' or ')} is not in ${folder}` };
  };
}

/**
 * Parses JSON lines. Lines end at LF only: rows hold U+0085 and U+2028, which other splitters take for line ends.
 * Blank lines are passed over.
 * @param file named in errors
 * @throws EvaluateError `bad-row` with file, line and column; `empty-file`
 */
export function parseJsonLines(bytes: Uint8Array, file: string): SourceRow[] {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const rows: SourceRow[] = [];
  let line = 0;
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found === -1 ? bytes.length : found;
    line += 1;
    const text = decodeLine(decoder, bytes.subarray(start, end), file, line);
    start = end + 1;
    if (text.trim() === '') continue;
    try {
      rows.push({ file, line, value: JSON.parse(text) });
    } catch (error) {
      throw malformedLine(file, line, text, error);
    }
  }
  if (rows.length === 0) {
    throw new EvaluateError(
      'empty-file',
      `${file} holds no rows. Put the dataset's rows there, one JSON object on each line.`,
    );
  }
  return rows;
}

/**
 * Rows as the task's questions.
 * @throws EvaluateError `bad-row` for the first row that is not one of the task's, with file, line, field and value
 */
export function readQuestions(task: Task, rows: readonly SourceRow[]): LoadedQuestion[] {
  return rows.map(({ file, line, value }) => {
    const read = task.read(value);
    if ('problems' in read) throw badRow(file, line, value, read.problems);
    return { question: read.question, value };
  });
}

/** How many of `total` documents a limit leaves: the first N, or for a limit below 1 that share, rounded up (lm-eval's --limit). */
export function limited(total: number, limit: number | null | undefined): number {
  if (limit === null || limit === undefined) return total;
  if (!Number.isFinite(limit) || limit <= 0) {
    throw new EvaluateError(
      'bad-option',
      `The limit ${String(limit)} is not above 0. Give a number of documents, or a share below 1.`,
    );
  }
  return Math.min(total, limit < 1 ? Math.ceil(total * limit) : Math.floor(limit));
}

function decodeLine(
  decoder: InstanceType<typeof TextDecoder>,
  bytes: Uint8Array,
  file: string,
  line: number,
): string {
  try {
    // A byte order mark at the start of a line is dropped by the decoder.
    return decoder.decode(bytes);
  } catch (cause) {
    throw new EvaluateError('bad-row', `${file}, line ${String(line)}: not UTF-8. Save the file in UTF-8.`, {
      cause,
    });
  }
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code === 'ENOENT' ||
      (error as NodeJS.ErrnoException).code === 'ENOTDIR'
    )
      return undefined;
    throw new EvaluateError(
      'bad-row',
      `${file} cannot be read: ${(error as Error).message}. Make it a readable file.`,
      { cause: error },
    );
  }
}

async function isFolder(folder: string): Promise<boolean> {
  return stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
