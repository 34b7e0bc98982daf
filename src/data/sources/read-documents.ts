import { open } from 'node:fs/promises';

import { DataError } from '../data-error.ts';
import { decodeDocument } from './decode-document.ts';
import { scanDocuments } from './scan-documents.ts';

import type { FileHandle } from 'node:fs/promises';
import type { DocumentSpan } from './scan-documents.ts';
import type { SourceFile } from './text-source.ts';

/** Files kept open at once; systems allow a process 256 or more. */
const MAX_OPEN_FILES = 64;
const SEQUENTIAL_READ_BYTES = 2 ** 20;

/** Reads single documents of many files, wherever they lie. */
export interface DocumentReader {
  read(file: SourceFile, span: DocumentSpan): Promise<string>;
  /** The bytes themselves; valid until the next read. */
  readBytes(file: SourceFile, span: DocumentSpan): Promise<Buffer>;
  close(): Promise<void>;
}

/** `readAhead` bytes are fetched at a time: a megabyte where documents are read in order, none where they are not. */
export function createDocumentReader(readAhead = 0): DocumentReader {
  const handles = new Map<string, FileHandle>();
  let block = { path: '', offset: 0, bytes: Buffer.alloc(0) };
  const handleOf = async (path: string): Promise<FileHandle> => {
    let handle = handles.get(path);
    // Taken out and put back, the map's order is that of the last use.
    if (handle !== undefined) handles.delete(path);
    else handle = await open(path, 'r');
    handles.set(path, handle);
    if (handles.size > MAX_OPEN_FILES) {
      const [oldest, stale] = handles.entries().next().value!;
      handles.delete(oldest);
      await stale.close();
    }
    return handle;
  };
  const fetchBlock = async ({ path, origin }: SourceFile, offset: number, length: number): Promise<void> => {
    const handle = await handleOf(path);
    const bytes = Buffer.alloc(Math.max(length, readAhead));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    if (filled < length) {
      throw new DataError(
        'source-changed',
        `${origin} became shorter while it was read. Start again once it is complete.`,
      );
    }
    block = { path, offset, bytes: bytes.subarray(0, filled) };
  };
  const readBytes = async (file: SourceFile, span: DocumentSpan): Promise<Buffer> => {
    const end = span.offset + span.length;
    const held = block.path === file.path && span.offset >= block.offset && end <= block.offset + block.bytes.length;
    if (!held) await fetchBlock(file, span.offset, span.length);
    return block.bytes.subarray(span.offset - block.offset, end - block.offset);
  };
  return {
    readBytes,
    async read(file, span) {
      return decodeDocument(file, span, await readBytes(file, span));
    },
    async close() {
      await Promise.all([...handles.values()].map((handle) => handle.close()));
      handles.clear();
    },
  };
}

/** A document with its place. */
export interface TextDocument extends DocumentSpan {
  readonly text: string;
}

/** The documents of a file in order, one in memory at a time; those of white space alone have empty text. */
export async function* readDocuments(
  file: SourceFile,
  onChunk: (bytes: Buffer) => void = () => undefined,
): AsyncGenerator<TextDocument> {
  const reader = createDocumentReader(SEQUENTIAL_READ_BYTES);
  try {
    for await (const span of scanDocuments(file, onChunk)) {
      yield { ...span, text: await reader.read(file, span) };
    }
  } finally {
    await reader.close();
  }
}
