import { constants } from 'node:buffer';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { WeightsError, fileErrorReason } from './errors.ts';

/** A file read in pieces by position; it is never loaded whole. */
export interface PositionedFile {
  readonly path: string;
  /** Size when it was opened. */
  readonly bytes: number;
  /** `length` bytes from `position`, in a buffer of their own (so aligned for every typed array). */
  read(position: number, length: number): Promise<Uint8Array>;
  /** Fills `target` from `position`. */
  readInto(target: Uint8Array, position: number): Promise<void>;
  close(): Promise<void>;
}

/** Node passes a 32-bit length to the system; Linux itself stops at 2^31 - 4096. */
const MAX_READ_BYTES = 2 ** 30;

/** Opens `path` for positioned reads; an absent or unreadable file is a `WeightsError` that names it. */
export async function openPositioned(path: string): Promise<PositionedFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) {
      throw new WeightsError('bad-file', `${path} is not a file. Give the path of a model file.`);
    }
    return positioned(handle, path, stats.size);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function positioned(handle: FileHandle, path: string, bytes: number): PositionedFile {
  async function readInto(target: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < target.byteLength) {
      const length = Math.min(target.byteLength - done, MAX_READ_BYTES);
      let bytesRead: number;
      try {
        ({ bytesRead } = await handle.read(target, done, length, position + done));
      } catch (cause) {
        throw unreadable(path, cause);
      }
      if (bytesRead === 0) {
        throw new WeightsError(
          'bad-file',
          `${path} ends at byte ${position + done}, but ${target.byteLength} bytes from ${position} were to be read. The file was cut off or changed while it was open; download or write it again.`,
        );
      }
      done += bytesRead;
    }
  }
  return {
    path,
    bytes,
    readInto,
    async read(position, length) {
      if (length > constants.MAX_LENGTH) {
        throw new WeightsError(
          'unsupported',
          `${path}: a tensor of ${length} bytes is larger than this Node.js can hold in one buffer (${constants.MAX_LENGTH}). Use a newer Node.js.`,
        );
      }
      const target = new Uint8Array(length);
      await readInto(target, position);
      return target;
    },
    close: () => handle.close(),
  };
}

function unreadable(path: string, cause: unknown): WeightsError {
  const reason = fileErrorReason(cause);
  if (reason === undefined) throw cause;
  return new WeightsError(
    'missing',
    `${path} cannot be read: ${reason}. Check the path and its permissions.`,
    {
      cause,
    },
  );
}
