import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';

import { createDocumentIndex, documentKey } from './document-index.ts';
import { DataError } from './data-error.ts';
import { createDocumentReader, readDocuments } from './sources/read-documents.ts';
import { readParquetTexts } from './sources/parquet-texts.ts';
import { kindOf } from './sources/text-source.ts';
import { scanTokenDocuments } from './sources/token-documents.ts';
import { unpackFile } from './sources/unpack-file.ts';

import type { Progress, ProgressStep } from '../progress.ts';
import type { DocumentIndex } from './document-index.ts';
import type { SourceFile, TextSource } from './sources/text-source.ts';
import type { TokenLayout } from './sources/token-documents.ts';
import type { TokenManifest } from './token-manifest.ts';

/** A source with its files. */
export interface ListedSource {
  readonly source: TextSource;
  readonly files: readonly SourceFile[];
}

/** What the first pass over the text leaves, but for the index itself. Plain data: a resumed run takes it over. */
export interface SourcesRecord {
  /** `index.file(i)` is a position here. */
  readonly files: readonly SourceFile[];
  /** The source that each of `files` belongs to. */
  readonly sourceOfFile: readonly number[];
  readonly sources: readonly {
    /** Documents with text. */
    readonly documents: number;
    /** Documents of white space alone, which are not in the index. */
    readonly empty: number;
    readonly files: TokenManifest['sources'][number]['files'];
  }[];
}

export interface IndexOptions {
  readonly sources: readonly ListedSource[];
  readonly seed: number;
  readonly layout: TokenLayout;
  /** Where packed files are unpacked to: their documents must be readable in any order. */
  readonly spoolFolder: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads every source once: finds and hashes its documents, and hashes its files. Keeps no text in memory.
 * @throws DataError of the sources, and `source-empty` where no document holds text.
 */
export async function indexSources(
  options: IndexOptions,
): Promise<{ readonly index: DocumentIndex; readonly record: SourcesRecord }> {
  const { sources, progress } = options;
  const totalBytes = sources.flatMap(({ files }) => files).reduce((sum, file) => sum + file.bytes, 0);
  const step = progress.start('Reading text', totalBytes / 1e6, 'MB');
  const index = createDocumentIndex();
  const files: SourceFile[] = [];
  const sourceOfFile: number[] = [];
  const record: SourcesRecord['sources'][number][] = [];
  try {
    for (const [at, listed] of sources.entries()) {
      const before = index.size;
      const described: SourcesRecord['sources'][number]['files'] = [];
      let empty = 0;
      for (const file of listed.files) {
        const indexed = await indexFile(file, files.length, index, options, step);
        files.push(indexed.file);
        sourceOfFile.push(at);
        empty += indexed.empty;
        described.push({ name: file.name, kind: kindOf(file), bytes: file.bytes, sha256: indexed.sha256 });
      }
      record.push({ documents: index.size - before, empty, files: described });
    }
  } finally {
    step.end();
  }
  if (index.size === 0) {
    throw new DataError(
      'source-empty',
      `${sources.map(({ source }) => source.path).join(', ') || 'The list of sources'} holds no text. Correct data.sources.`,
    );
  }
  return { index, record: { files, sourceOfFile, sources: record } };
}

async function indexFile(
  file: SourceFile,
  number: number,
  index: DocumentIndex,
  { seed, layout, spoolFolder, signal }: IndexOptions,
  step: ProgressStep,
): Promise<{ readonly file: SourceFile; readonly empty: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  const see = (bytes: Buffer): void => {
    signal?.throwIfAborted();
    hash.update(bytes);
    step.advance(bytes.length / 1e6);
  };
  if (file.format === 'tokens') {
    const reader = createDocumentReader(2 ** 20);
    try {
      for await (const span of scanTokenDocuments(file, layout, see)) {
        index.add(number, span, documentKey(seed, await reader.readBytes(file, span)));
      }
    } finally {
      await reader.close();
    }
    return { file, empty: 0, sha256: hash.digest('hex') };
  }
  const spool = join(spoolFolder, `${String(number).padStart(6, '0')}.text`);
  if (file.format === 'parquet') {
    for await (const bytes of createReadStream(file.path, { highWaterMark: 2 ** 20 })) see(bytes as Buffer);
    const extracted = await extractParquet({ ...file, format: 'parquet' }, spool, number, index, seed, signal);
    return { ...extracted, sha256: hash.digest('hex') };
  }
  let readable = file;
  if (file.packing !== 'none') {
    await mkdir(spoolFolder, { recursive: true });
    await unpackFile(file, spool, see);
    readable = { ...file, path: spool };
  }
  let empty = 0;
  for await (const { text, ...span } of readDocuments(readable, file.packing === 'none' ? see : undefined)) {
    signal?.throwIfAborted();
    if (text === '') empty += 1;
    else index.add(number, span, documentKey(seed, text));
  }
  return { file: readable, empty, sha256: hash.digest('hex') };
}

/** Texts gathered before a write. */
const SPOOL_BYTES = 2 ** 20;

async function extractParquet(
  file: SourceFile & { readonly format: 'parquet'; readonly field: string },
  spool: string,
  number: number,
  index: DocumentIndex,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly file: SourceFile; readonly empty: number }> {
  await mkdir(join(spool, '..'), { recursive: true });
  const handle = await open(spool, 'w');
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let offset = 0;
  let empty = 0;
  let row = 0;
  try {
    for await (const text of readParquetTexts(file)) {
      signal?.throwIfAborted();
      row += 1;
      if (!/\S/u.test(text)) {
        empty += 1;
        continue;
      }
      const bytes = Buffer.from(text);
      index.add(number, { offset, length: bytes.length, line: row }, documentKey(seed, text));
      offset += bytes.length;
      pending.push(bytes);
      pendingBytes += bytes.length;
      if (pendingBytes >= SPOOL_BYTES) {
        await handle.writeFile(Buffer.concat(pending));
        pending = [];
        pendingBytes = 0;
      }
    }
    await handle.writeFile(Buffer.concat(pending));
  } finally {
    await handle.close();
  }
  const { path, origin, name, bytes, packing } = { ...file, path: spool };
  return { file: { path, origin, name, bytes, packing, format: 'extracted' }, empty };
}
