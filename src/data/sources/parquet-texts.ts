import { open } from 'node:fs/promises';

import { parquetMetadataAsync, parquetRead, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

import { DataError } from '../data-error.ts';

import type { AsyncBuffer } from 'hyparquet';
import type { SourceFile } from './text-source.ts';

/** Rows decoded at a time: a few megabytes of ordinary documents, whatever the size of a row group. */
const ROWS = 1000;

/**
 * The strings of one column, row after row; null is empty text.
 * @throws DataError `source-malformed` naming file, field and row.
 */
export async function* readParquetTexts(file: SourceFile & { readonly field: string }): AsyncGenerator<string> {
  const { field, origin } = file;
  const handle = await open(file.path, 'r');
  try {
    const buffer: AsyncBuffer = {
      byteLength: file.bytes,
      async slice(start, end = file.bytes) {
        const bytes = new Uint8Array(end - start);
        let filled = 0;
        while (filled < bytes.length) {
          const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
          if (bytesRead === 0) throw new Error('it became shorter while it was read');
          filled += bytesRead;
        }
        return bytes.buffer;
      },
    };
    const metadata = await reading(origin, () => parquetMetadataAsync(buffer));
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    if (!columns.includes(field)) {
      throw new DataError(
        'source-malformed',
        `${origin}: there is no column "${field}" (columns there: ${columns.join(', ').slice(0, 120)}). Set the source's field to the one that holds the text.`,
      );
    }
    const rows = Number(metadata.num_rows);
    for (let row = 0; row < rows; row += ROWS) {
      const rowEnd = Math.min(rows, row + ROWS);
      const values: unknown[] = [];
      await reading(origin, () =>
        parquetRead({
          ...{ file: buffer, metadata, columns: [field], rowStart: row, rowEnd, compressors },
          onComplete: (found) => values.push(...(found as unknown[][]).map(([value]) => value)),
        }),
      );
      for (const [at, value] of values.entries()) yield textOf(origin, field, row + at, value);
    }
  } finally {
    await handle.close();
  }
}

function textOf(origin: string, field: string, row: number, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  throw new DataError(
    'source-malformed',
    `${origin}, row ${String(row)}: column "${field}" is ${typeof value}, not text. Set the source's field to the one that holds the text.`,
  );
}

async function reading<T>(origin: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(
      'source-malformed',
      `${origin} cannot be read as parquet (${reason}). Fetch the file again, or convert it to .jsonl.`,
      { cause },
    );
  }
}
