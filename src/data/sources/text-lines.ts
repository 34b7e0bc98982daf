import { createReadStream } from 'node:fs';

import { DataError } from '../data-error.ts';

/** The bytes of one line without its `\n`; valid until the next batch of lines is asked for. */
export interface Line {
  /** Of its first byte in the file. */
  readonly offset: number;
  readonly bytes: Buffer;
}

/** A document must fit in a JavaScript string (2^29 characters) with room for its token ids beside it. */
export const MAX_DOCUMENT_BYTES = 256 * 2 ** 20;

const CHUNK_BYTES = 2 ** 20;
const NEWLINE = 0x0a;

/**
 * A file's lines, cut at `\n` only, a megabyte's worth at a time. `onChunk` sees every byte once, in order.
 * @throws DataError `document-too-large` for a line above 256 MiB.
 */
export async function* readLines(
  { path, origin }: { readonly path: string; readonly origin: string },
  onChunk: (bytes: Buffer) => void,
): AsyncGenerator<Line[]> {
  let parts: Buffer[] = [];
  let partBytes = 0;
  let offset = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
    onChunk(chunk);
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      const tail = chunk.subarray(from, end);
      const bytes = parts.length === 0 ? tail : Buffer.concat([...parts, tail]);
      lines.push({ offset, bytes });
      offset += bytes.length + 1;
      from = end + 1;
      parts = [];
      partBytes = 0;
    }
    if (from < chunk.length) {
      parts.push(chunk.subarray(from));
      partBytes += chunk.length - from;
      requireSize(origin, partBytes);
    }
    if (lines.length > 0) yield lines;
  }
  if (partBytes > 0) yield [{ offset, bytes: Buffer.concat(parts) }];
}

/** @throws DataError `document-too-large` above 256 MiB. */
export function requireSize(path: string, bytes: number): void {
  if (bytes <= MAX_DOCUMENT_BYTES) return;
  throw new DataError(
    'document-too-large',
    `${path} holds a document of more than ${String(MAX_DOCUMENT_BYTES / 2 ** 20)} MiB. ` +
      'Set documents to "paragraph" or "line", or put a line <|endoftext|> between documents.',
  );
}
