import { randomBytes } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import { EXIT } from '../errors.ts';
import { WeightsError, fileErrorReason } from './errors.ts';

/** A failed write as one sentence that names the path and the reason; errors that are not the file system's come back unchanged. */
export function writeFailed(path: string, cause: unknown): unknown {
  const reason = fileErrorReason(cause);
  if (reason === undefined) return cause;
  return new WeightsError(
    'write-failed',
    `${path} could not be written: ${reason}. Free space or choose another folder; nothing half-written was left.`,
    // A place that cannot be written was badly chosen; a disk that fills up or fails was not.
    {
      cause,
      exitCode: DISK_CODES.has((cause as NodeJS.ErrnoException).code ?? '') ? EXIT.failed : EXIT.usage,
    },
  );
}

const DISK_CODES = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EMFILE']);

/** Makes a rename in `folder` survive a power cut. Systems that cannot open folders (Windows) do without. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes `data` and flushes it to disk. */
export async function writeSynced(path: string, data: Uint8Array | string): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a small file whole: written beside and renamed. */
export async function writeReplacing(path: string, data: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  await writeSynced(temporary, data);
  await rename(temporary, path);
}
