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
  /** Fills `target`, which is as long as the tensor, with its stored bytes. */
  readInto(name: string, target: Uint8Array): Promise<void>;
  /**
   * The stored bytes of one tensor in pieces of at most so many bytes, or as long as the array that they are to be read into; each
   * piece is valid until the next is asked for.
   */
  chunks(name: string, piece: number | Uint8Array): AsyncGenerator<Uint8Array>;
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
      async readInto(name, target) {
        const { begin, end } = locate(name);
        if (target.byteLength !== end - begin)
          throw new Error(`${path}: ${name} has ${end - begin} bytes and was to fill ${target.byteLength}`);
        await file.readInto(target, dataStart + begin);
      },
      async *chunks(name, piece) {
        const { begin, end } = locate(name);
        const buffer = typeof piece === 'number' ? new Uint8Array(Math.min(piece, end - begin)) : piece;
        for (let position = begin; position < end; position += buffer.byteLength) {
          const part = buffer.subarray(0, Math.min(buffer.byteLength, end - position));
          await file.readInto(part, dataStart + position);
          yield part;
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
