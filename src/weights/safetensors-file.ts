import { openPositioned } from './positioned-file.ts';
import type { SafetensorsEntry } from './safetensors-header.ts';
import { LENGTH_BYTES, parseSafetensorsHeader, readHeaderLength } from './safetensors-header.ts';
import { WeightsError } from './errors.ts';

export interface SafetensorsFile {
  readonly path: string;
  readonly metadata: ReadonlyMap<string, string>;
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** The stored bytes of one tensor. */
  read(name: string): Promise<Uint8Array>;
  /** The stored bytes of one tensor in pieces of at most `chunkBytes`; each piece is valid until the next is asked for. */
  chunks(name: string, chunkBytes: number): AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens a safetensors file and checks its header and size; tensor data is read on demand.
 * A header that breaks a rule, a file that is cut off and one with bytes behind the last tensor are refused by name.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await openPositioned(path);
  try {
    const prefix = await file.read(0, Math.min(LENGTH_BYTES, file.bytes));
    const headerBytes = readHeaderLength(prefix, file.bytes, path);
    const header = parseSafetensorsHeader(await file.read(LENGTH_BYTES, headerBytes), path);
    const dataStart = LENGTH_BYTES + headerBytes;
    const expected = dataStart + header.dataBytes;
    if (expected !== file.bytes) throw wrongSize(path, file.bytes, expected, header.entries, dataStart);

    const locate = (name: string): SafetensorsEntry => {
      const entry = header.entries.get(name);
      if (entry !== undefined) return entry;
      throw new WeightsError(
        'missing',
        `${path} holds no tensor named ${JSON.stringify(name)}. It may belong to another shard.`,
      );
    };
    return {
      path,
      metadata: header.metadata,
      entries: header.entries,
      async read(name) {
        const { begin, end } = locate(name);
        return file.read(dataStart + begin, end - begin);
      },
      async *chunks(name, chunkBytes) {
        const { begin, end } = locate(name);
        const buffer = new Uint8Array(Math.min(chunkBytes, end - begin));
        for (let position = begin; position < end; position += chunkBytes) {
          const piece = buffer.subarray(0, Math.min(chunkBytes, end - position));
          await file.readInto(piece, dataStart + position);
          yield piece;
        }
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function wrongSize(
  path: string,
  actual: number,
  expected: number,
  entries: ReadonlyMap<string, SafetensorsEntry>,
  dataStart: number,
): WeightsError {
  if (actual > expected) {
    return new WeightsError(
      'bad-file',
      `${path} is not a valid safetensors file: ${actual - expected} bytes follow the last tensor. Download or export it again.`,
    );
  }
  const cut = [...entries.values()].find(({ end }) => dataStart + end > actual);
  const where = cut === undefined ? '' : ` in tensor ${JSON.stringify(cut.spec.name)}`;
  return new WeightsError(
    'bad-file',
    `${path} is cut off${where}: it has ${actual} bytes, its header describes ${expected}. Download it again.`,
  );
}
