import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { EvaluateError } from '../evaluate-error.ts';
import type { SourceRow } from '../load-rows.ts';

/**
 * Rows of parquet files as the values that a JSON line of the same row would parse to: 64-bit integers, the type of class
 * labels, become numbers.
 * @param files in order; `name` stands in errors
 * @throws EvaluateError `bad-row` for a file that is not parquet, `empty-file` where there are no rows at all
 */
export async function parquetRows(
  files: readonly { readonly location: string; readonly name: string }[],
): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for (const { location, name } of files) {
    for (const [index, value] of (await readObjects(location, name)).entries()) {
      rows.push({ file: name, line: index + 1, value: plain(value) });
    }
  }
  if (rows.length === 0) {
    throw new EvaluateError(
      'empty-file',
      `${files.map(({ name }) => name).join(', ')} holds no rows. Use the dataset's own file.`,
    );
  }
  return rows;
}

async function readObjects(location: string, name: string): Promise<Record<string, unknown>[]> {
  try {
    return await parquetReadObjects({ file: await asyncBufferFromFile(location), compressors });
  } catch (cause) {
    throw new EvaluateError(
      'bad-row',
      `${name} cannot be read as parquet: ${cause instanceof Error ? cause.message : String(cause)}. Remove ${location} so that it is fetched again.`,
      { cause },
    );
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number | bigint>, Number);
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
  }
  return value;
}
