import { createReadStream } from 'node:fs';

import { DataError } from '../data-error.ts';
import { requireSize } from './text-lines.ts';

import type { DocumentSpan } from './scan-documents.ts';
import type { SourceFile } from './text-source.ts';

/** How ids lie in a `.bin` file, and which of them ends a document. */
export interface TokenLayout {
  readonly bytesPerToken: 2 | 4;
  readonly separatorTokenId: number;
}

const CHUNK_BYTES = 2 ** 20;

/** The runs of ids between separators, the separators excluded; `line` is the position of the first id. */
export async function* scanTokenDocuments(
  file: SourceFile,
  { bytesPerToken, separatorTokenId }: TokenLayout,
  onChunk: (bytes: Buffer) => void,
): AsyncGenerator<DocumentSpan> {
  if (file.bytes % bytesPerToken !== 0) {
    throw new DataError(
      'source-malformed',
      `${file.origin} has ${String(file.bytes)} bytes, not a multiple of the ${String(bytesPerToken)} that an id takes with this tokenizer. ` +
        'The file is cut off or of another width: prepare it again.',
    );
  }
  let start = 0;
  let offset = 0;
  let rest = Buffer.alloc(0);
  const span = (end: number): DocumentSpan => {
    requireSize(file.origin, end - start);
    return { offset: start, length: end - start, line: start / bytesPerToken };
  };
  for await (const chunk of createReadStream(file.path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
    onChunk(chunk);
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % bytesPerToken);
    for (let at = 0; at < whole; at += bytesPerToken) {
      const id = bytesPerToken === 2 ? bytes.readUInt16LE(at) : bytes.readUInt32LE(at);
      if (id !== separatorTokenId) continue;
      if (offset + at > start) yield span(offset + at);
      start = offset + at + bytesPerToken;
    }
    offset += whole;
    rest = Buffer.from(bytes.subarray(whole));
  }
  if (offset > start) yield span(offset);
}
