import { createHash } from 'node:crypto';
import { open, rename, stat } from 'node:fs/promises';

import type { FileHandle } from 'node:fs/promises';
import type { DocumentSpan } from './sources/scan-documents.ts';

/** Words of a document's key: 128 bits of its sha256, so two texts share one by chance in 1 of 10^20 corpora of a billion. */
export const KEY_WORDS = 4;

/** File, length and line number in four bytes each, the offset in eight, and the key. */
const BYTES_PER_DOCUMENT = 3 * 4 + 8 + 4 * KEY_WORDS;
/** A single read or write is limited to 2 GiB by the system. */
const IO_BYTES = 2 ** 26;

/**
 * Where every document lies and what it is known by: 36 bytes each, so 100 million documents fit in 4 GB and their text
 * never needs to.
 */
export interface DocumentIndex {
  readonly size: number;
  add(file: number, span: DocumentSpan, key: Uint32Array): void;
  file(at: number): number;
  span(at: number): DocumentSpan;
  /** Four words. */
  key(at: number): Uint32Array;
  /** Documents by key, which is a seeded random order; of those with equal keys only the one added first. */
  uniqueInKeyOrder(): Uint32Array;
  /** Writes all of it to a file that appears under its name when it is complete. */
  save(path: string): Promise<void>;
}

/**
 * The key of a document under a seed. It depends on the content alone (text, or the bytes of ready ids): not on the file,
 * the order, or its neighbours.
 */
export function documentKey(seed: number, text: string | Uint8Array): Uint32Array {
  const digest = createHash('sha256').update(`${String(seed)}\n`).update(text).digest();
  return Uint32Array.from({ length: KEY_WORDS }, (_, i) => digest.readUInt32BE(i * 4));
}

export function createDocumentIndex(): DocumentIndex {
  return documentIndex(0, 1024);
}

/** Reads what `save` wrote. Throws where the file is missing or of another length. */
export async function loadDocumentIndex(path: string): Promise<DocumentIndex> {
  const { size: bytes } = await stat(path);
  const size = bytes / BYTES_PER_DOCUMENT;
  if (!Number.isInteger(size)) throw new Error(`${path} has ${String(bytes)} bytes`);
  const index = documentIndex(size, Math.max(size, 1024));
  const handle = await open(path, 'r');
  try {
    for (const column of index.columns()) await readAll(handle, column);
  } finally {
    await handle.close();
  }
  return index;
}

function documentIndex(initialSize: number, initialCapacity: number): DocumentIndex & { columns(): Uint8Array[] } {
  let capacity = initialCapacity;
  let size = initialSize;
  let files = new Uint32Array(capacity);
  let lengths = new Uint32Array(capacity);
  let offsets = new Float64Array(capacity);
  let lines = new Uint32Array(capacity);
  let keys = new Uint32Array(capacity * KEY_WORDS);

  const grow = (): void => {
    capacity *= 2;
    files = enlarged(files, capacity);
    lengths = enlarged(lengths, capacity);
    lines = enlarged(lines, capacity);
    keys = enlarged(keys, capacity * KEY_WORDS);
    const wider = new Float64Array(capacity);
    wider.set(offsets);
    offsets = wider;
  };
  const compareKeys = (a: number, b: number): number => {
    for (let i = 0; i < KEY_WORDS; i += 1) {
      const difference = keys[a * KEY_WORDS + i]! - keys[b * KEY_WORDS + i]!;
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const columns = (): Uint8Array[] => {
    const used = [files, lengths, lines, offsets].map((column) => column.subarray(0, size));
    return [...used, keys.subarray(0, size * KEY_WORDS)].map(
      (column) => new Uint8Array(column.buffer, column.byteOffset, column.byteLength),
    );
  };
  return {
    columns,
    get size() {
      return size;
    },
    add(file, span, key) {
      if (size === capacity) grow();
      files[size] = file;
      offsets[size] = span.offset;
      lengths[size] = span.length;
      lines[size] = span.line;
      keys.set(key, size * KEY_WORDS);
      size += 1;
    },
    file: (at) => files[at]!,
    span: (at) => ({ offset: offsets[at]!, length: lengths[at]!, line: lines[at]! }),
    key: (at) => keys.subarray(at * KEY_WORDS, (at + 1) * KEY_WORDS),
    uniqueInKeyOrder() {
      const order = Uint32Array.from({ length: size }, (_, i) => i).sort((a, b) => compareKeys(a, b) || a - b);
      return order.filter((at, i) => i === 0 || compareKeys(order[i - 1]!, at) !== 0);
    },
    async save(path) {
      const handle = await open(`${path}.partial`, 'w');
      try {
        for (const column of columns()) {
          for (let at = 0; at < column.length; at += IO_BYTES) await handle.writeFile(column.subarray(at, at + IO_BYTES));
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(`${path}.partial`, path);
    },
  };
}

async function readAll(handle: FileHandle, into: Uint8Array): Promise<void> {
  for (let at = 0; at < into.length; ) {
    const { bytesRead } = await handle.read(into, at, Math.min(IO_BYTES, into.length - at), null);
    if (bytesRead === 0) throw new Error('the document index is cut off');
    at += bytesRead;
  }
}

function enlarged(values: Uint32Array, capacity: number): Uint32Array<ArrayBuffer> {
  const wider = new Uint32Array(capacity);
  wider.set(values);
  return wider;
}
