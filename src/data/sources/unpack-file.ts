import { createReadStream, createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';

import { Decompress } from 'fzstd';

import { DataError } from '../data-error.ts';

import type { SourceFile } from './text-source.ts';

const CHUNK_BYTES = 2 ** 20;

/**
 * Writes the content of a `.gz` or `.zst` file to `target`, in bounded memory; several members or frames in a row are one text.
 * `onChunk` sees every byte of the packed file once.
 * @throws DataError `source-malformed` for a file that is damaged or cut off.
 */
export async function unpackFile(file: SourceFile, target: string, onChunk: (bytes: Buffer) => void): Promise<void> {
  const watch = new Transform({
    transform(chunk: Buffer, _, done) {
      onChunk(chunk);
      done(null, chunk);
    },
  });
  const unpack = file.packing === 'gzip' ? zlib.createGunzip({ chunkSize: CHUNK_BYTES }) : createUnzstd();
  try {
    await pipeline(
      createReadStream(file.path, { highWaterMark: CHUNK_BYTES }),
      watch,
      unpack,
      createWriteStream(target, { highWaterMark: CHUNK_BYTES }),
    );
  } catch (cause) {
    if (isSystemError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(
      'source-malformed',
      `${file.origin} cannot be unpacked as ${file.packing} (${reason}). Fetch the file again: it is damaged or cut off.`,
      { cause },
    );
  }
}

/** Node's own zstd (22.15 and later) is four times as fast as the JavaScript one. */
function createUnzstd(): Transform {
  const native = (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress;
  return native === undefined ? createJavaScriptUnzstd() : native();
}

/** A zstd stream in plain JavaScript, for Node versions without one. */
export function createJavaScriptUnzstd(): Transform {
  let ended = true;
  let decoder: Decompress;
  return new Transform({
    construct(done) {
      decoder = new Decompress((data, final) => {
        // The library reuses its window, so a stream needs a copy.
        if (data.length > 0) this.push(Buffer.from(data));
        ended = final === true;
      });
      done();
    },
    transform(chunk: Buffer, _, done) {
      try {
        decoder.push(chunk);
        ended = false;
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        if (!ended) decoder.push(new Uint8Array(), true);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

/** A full disk or a missing permission is no fault of the packed file. */
function isSystemError(cause: unknown): boolean {
  const { code, syscall } = (cause ?? {}) as NodeJS.ErrnoException;
  return code !== undefined && syscall !== undefined;
}
