import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InherituneError } from '../errors.ts';

/**
 * Refuses an output path that could not be written, before an hour of computing instead of after it. Nothing is
 * made: the nearest folder above that exists must be one, and writable.
 */
export async function requireWritable(path: string): Promise<void> {
  for (let above = dirname(path); ; above = dirname(above)) {
    const found = await stat(above).catch(() => undefined);
    if (found === undefined && above !== dirname(above)) continue;
    const writable = await access(above, constants.W_OK).then(
      () => true,
      () => false,
    );
    if (found?.isDirectory() === true && writable) return;
    const reason = found?.isDirectory() === true ? 'may not be written' : 'is not a folder';
    throw new InherituneError(
      'output',
      `${path} cannot be written: ${above} ${reason}. Choose another place for the output.`,
    );
  }
}
