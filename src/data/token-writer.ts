import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

import { DataError } from './data-error.ts';
import { bytesPerToken } from './token-file.ts';

/** Appends ids to a `.bin` file that appears under its name only when it is complete. */
export interface TokenWriter {
  write(ids: ArrayLike<number>): Promise<void>;
  /** Ids as they lie in the file, already known to be in the vocabulary. */
  append(bytes: Uint8Array): Promise<void>;
  /** Flushes to disk and gives the file its name. */
  finish(): Promise<{ readonly tokens: number; readonly bytes: number; readonly sha256: string }>;
  /** Removes what was written; harmless after `finish`. */
  abort(): Promise<void>;
}

/** Ids gathered before a write: 128 or 256 kB at a time. */
const BUFFER_TOKENS = 65_536;

/** Starts a nanoGPT `.bin` file at `path`: uint16 little endian, uint32 for a vocabulary above 65,535. */
export async function createTokenWriter(path: string, options: { vocabularySize: number }): Promise<TokenWriter> {
  const { vocabularySize } = options;
  const width = bytesPerToken(vocabularySize);
  const partial = `${path}.partial-${String(process.pid)}`;
  const handle = await open(partial, 'w');
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(BUFFER_TOKENS * width);
  let pending = 0;
  let tokens = 0;
  let isOpen = true;

  const flush = async (): Promise<void> => {
    const bytes = buffer.subarray(0, pending);
    hash.update(bytes);
    for (let done = 0; done < bytes.length; ) {
      done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
    }
    pending = 0;
  };
  const close = async (): Promise<void> => {
    if (isOpen) await handle.close();
    isOpen = false;
  };
  return {
    async write(ids) {
      for (let i = 0; i < ids.length; i += 1) {
        const id = ids[i]!;
        if (!(Number.isInteger(id) && id >= 0 && id < vocabularySize)) {
          throw new DataError(
            'token-out-of-vocabulary',
            `${path}: id ${String(id)} was to be written as token ${String(tokens)}, and the vocabulary has ${String(vocabularySize)} ids. ` +
              'Use the tokenizer that belongs to this vocabulary.',
          );
        }
        if (width === 2) buffer.writeUInt16LE(id, pending);
        else buffer.writeUInt32LE(id, pending);
        pending += width;
        tokens += 1;
        if (pending === buffer.length) await flush();
      }
    },
    async append(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + buffer.length - pending);
        buffer.set(part, pending);
        pending += part.length;
        at += part.length;
        if (pending === buffer.length) await flush();
      }
      tokens += bytes.length / width;
    },
    async finish() {
      await flush();
      await handle.sync();
      await close();
      await rename(partial, path);
      return { tokens, bytes: tokens * width, sha256: hash.digest('hex') };
    },
    async abort() {
      await close();
      await rm(partial, { force: true });
    },
  };
}
