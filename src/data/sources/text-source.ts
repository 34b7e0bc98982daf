import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';

import { DataError } from '../data-error.ts';

/** Documents on disk: one file, or a folder of files at any depth. */
export interface TextSource {
  readonly path: string;
  /** `.txt` only; default `file`. A line `<|endoftext|>` ends a document in all three, blank lines in `paragraph`, every line end in `line`. */
  readonly documents?: 'file' | 'paragraph' | 'line' | undefined;
  /** `.jsonl` and `.parquet` only; default `text`. */
  readonly field?: string | undefined;
  /** Share of the tokens, relative to the other weights; all sources have one or none has. */
  readonly weight?: number | undefined;
  /** How often its training documents may be gone over before it has run out; default 1. Only with a weight. */
  readonly passes?: number | undefined;
  /** What the manifest and messages call it; default the last part of `path`. */
  readonly label?: string | undefined;
  /** The commit of a hub dataset. */
  readonly revision?: string | undefined;
  /** The files, where they are not to be looked for at `path`. */
  readonly files?: readonly { readonly name: string; readonly path: string }[] | undefined;
}

/** One file of a source, with what its documents are. */
export type SourceFile = {
  /** Where its bytes are read; for packed files, once unpacked, no longer the file that the person named. */
  readonly path: string;
  /** The file that messages name. */
  readonly origin: string;
  /** Relative to the source's folder with `/` between, or the file's own name: the same on every machine. */
  readonly name: string;
  readonly bytes: number;
  readonly packing: 'none' | 'gzip' | 'zstd';
} & SourceContent;

export type SourceContent =
  | { readonly format: 'text'; readonly documents: 'file' | 'paragraph' | 'line' }
  | { readonly format: 'jsonl' | 'parquet'; readonly field: string }
  /** nanoGPT's `.bin`: ids that the tokenizer's separator parts into documents. */
  | { readonly format: 'tokens' }
  /** Texts one behind the other, as taken out of a `.parquet` file. */
  | { readonly format: 'extracted' };

const KINDS = '.txt, .jsonl, .parquet or .bin file (.txt and .jsonl also as .gz or .zst)';

/**
 * The files of a source, by name. Other files of a folder (a README, a licence) are passed over.
 * @throws DataError `source-missing`, `source-unsupported`, or `source-empty` for a folder without text.
 */
export async function listSourceFiles(source: TextSource): Promise<SourceFile[]> {
  if (source.files !== undefined) return listedFiles(source, source.files);
  const found = await stat(source.path).catch((cause: unknown) => {
    throw new DataError('source-missing', `There is no text source ${source.path}. Correct data.sources.`, { cause });
  });
  if (!found.isDirectory()) {
    const file = describe(source, source.path, basename(source.path), found.size);
    if (file !== undefined) return [file];
    throw new DataError(
      'source-unsupported',
      `${source.path} is not a ${KINDS}, the kinds of text read here. Convert it, or correct data.sources.`,
    );
  }
  const entries = await readdir(source.path, { recursive: true, withFileTypes: true });
  const files: SourceFile[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    // Hub caches hold links to files.
    const target = entry.isSymbolicLink() ? await stat(path) : entry;
    if (!target.isFile()) continue;
    const name = relative(source.path, path).split(sep).join('/');
    const file = describe(source, path, name, (await stat(path)).size);
    if (file !== undefined) files.push(file);
  }
  if (files.length === 0) {
    throw new DataError('source-empty', `The folder ${source.path} holds no ${KINDS}. Correct data.sources.`);
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function listedFiles(source: TextSource, given: NonNullable<TextSource['files']>): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const { name, path } of given) {
    const file = describe(source, path, name, (await stat(path)).size);
    if (file === undefined) {
      throw new DataError('source-unsupported', `${source.path}: ${name} is not a ${KINDS}. Correct data.sources.`);
    }
    files.push(file);
  }
  return files;
}

/** What the manifest says about a file's kind. */
export function kindOf(file: SourceFile): string {
  const packed = file.packing === 'none' ? '' : ` in ${file.packing}`;
  switch (file.format) {
    case 'text':
      return `text by ${file.documents}${packed}`;
    case 'jsonl':
    case 'parquet':
      return `${file.format} field ${file.field}${packed}`;
    default:
      return file.format;
  }
}

const PACKINGS: Readonly<Record<string, SourceFile['packing']>> = { '.gz': 'gzip', '.zst': 'zstd' };

function describe(source: TextSource, path: string, name: string, bytes: number): SourceFile | undefined {
  const [, kind, packed] = /(\.txt|\.jsonl|\.parquet|\.bin)(\.gz|\.zst)?$/.exec(name.toLowerCase()) ?? [];
  const packing = packed === undefined ? 'none' : PACKINGS[packed]!;
  const file = { path, origin: path, name, bytes, packing };
  if (kind === '.txt') return { ...file, format: 'text', documents: source.documents ?? 'file' };
  if (kind === '.jsonl') return { ...file, format: 'jsonl', field: source.field ?? 'text' };
  // Neither is ever packed a second time: parquet compresses its pages, and ids hardly compress.
  if (packing !== 'none') return undefined;
  if (kind === '.parquet') return { ...file, format: 'parquet', field: source.field ?? 'text' };
  return kind === '.bin' ? { ...file, format: 'tokens' } : undefined;
}
