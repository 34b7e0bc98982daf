import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative, sep } from 'node:path';

import { DataError } from '../data-error.ts';

/** Text on disk: a `.txt` or `.jsonl` file, or a folder of those at any depth. */
export interface TextSource {
  readonly path: string;
  /** `.txt` only; default `file`. A line `<|endoftext|>` ends a document in all three, blank lines in `paragraph`, every line end in `line`. */
  readonly documents?: 'file' | 'paragraph' | 'line' | undefined;
  /** `.jsonl` only; default `text`. */
  readonly field?: string | undefined;
}

/** One file of a source, with what its documents are. */
export type SourceFile = {
  readonly path: string;
  /** Relative to the source's folder with `/` between, or the file's own name: the same on every machine. */
  readonly name: string;
  readonly bytes: number;
} & (
  | { readonly format: 'text'; readonly documents: 'file' | 'paragraph' | 'line' }
  | { readonly format: 'jsonl'; readonly field: string }
);

/**
 * The files of a source, by name. Other files of a folder (a README, a licence) are passed over.
 * @throws DataError `source-missing`, `source-unsupported`, or `source-empty` for a folder without text.
 */
export async function listSourceFiles(source: TextSource): Promise<SourceFile[]> {
  const found = await stat(source.path).catch((cause: unknown) => {
    throw new DataError('source-missing', `There is no text source ${source.path}. Correct data.sources.`, { cause });
  });
  if (!found.isDirectory()) {
    const file = describe(source, source.path, basename(source.path), found.size);
    if (file !== undefined) return [file];
    throw new DataError(
      'source-unsupported',
      `${source.path} is not a .txt or .jsonl file, the kinds of text read here. Convert it, or correct data.sources.`,
    );
  }
  const entries = await readdir(source.path, { recursive: true, withFileTypes: true });
  const files: SourceFile[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    // Hub caches hold links to files.
    const target = entry.isSymbolicLink() ? await stat(path) : entry;
    if (!target.isFile()) continue;
    const file = describe(source, path, relative(source.path, path).split(sep).join('/'), (await stat(path)).size);
    if (file !== undefined) files.push(file);
  }
  if (files.length === 0) {
    throw new DataError('source-empty', `The folder ${source.path} holds no .txt or .jsonl file. Correct data.sources.`);
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function describe(source: TextSource, path: string, name: string, bytes: number): SourceFile | undefined {
  switch (extname(name).toLowerCase()) {
    case '.txt':
      return { path, name, bytes, format: 'text', documents: source.documents ?? 'file' };
    case '.jsonl':
      return { path, name, bytes, format: 'jsonl', field: source.field ?? 'text' };
    case '.parquet':
      throw new DataError('source-unsupported', `${path}: .parquet text cannot be read yet. Convert it to .jsonl.`);
    default:
      return undefined;
  }
}
