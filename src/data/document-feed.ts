import { documentBatch } from './encode-documents.ts';

import type { DocumentIndex } from './document-index.ts';
import type { EncodedBatch } from './encode-documents.ts';
import type { EncoderPool } from './encoder-pool.ts';

/** A document as it goes into a token file. */
export interface EncodedDocument {
  /** Its number in the index. */
  readonly document: number;
  /** Ids, the separator included. */
  readonly tokens: number;
  readonly bytes: Uint8Array;
}

/** Documents in a given order, each tokenized once and a few batches before it is asked for. */
export interface DocumentFeed {
  /** Documents not yet given. */
  left(): number;
  next(): Promise<EncodedDocument>;
}

/** Text a batch: small at first, so that a small subset costs little, then large enough to hide the way between threads. */
const FIRST_BATCH_BYTES = 2 ** 16;
const LARGEST_BATCH_BYTES = 2 ** 20;

/** Feeds `documents` from position `start` on; `ahead` batches are under way at once. */
export function createDocumentFeed(
  index: DocumentIndex,
  documents: Uint32Array,
  start: number,
  pool: EncoderPool,
  ahead: number,
): DocumentFeed {
  const queue: { readonly documents: Uint32Array; readonly encoded: Promise<EncodedBatch> }[] = [];
  let given = start;
  let asked = start;
  let batchBytes = FIRST_BATCH_BYTES;
  let current: { documents: Uint32Array; encoded: EncodedBatch; at: number } | undefined;

  const ask = (): void => {
    let end = asked;
    for (let bytes = 0; end < documents.length && bytes < batchBytes; end += 1) {
      bytes += index.span(documents[end]!).length;
    }
    const chosen = documents.subarray(asked, end);
    const encoded = pool.encode(documentBatch(index, chosen));
    // It is awaited later; until then a failure must not count as unhandled.
    encoded.catch(() => undefined);
    queue.push({ documents: chosen, encoded });
    asked = end;
    batchBytes = Math.min(LARGEST_BATCH_BYTES, batchBytes * 2);
  };
  const width = pool.width === 1 ? 1 : ahead;
  return {
    left: () => documents.length - given,
    async next() {
      if (current === undefined || current.at === current.documents.length) {
        while (queue.length < width && asked < documents.length) ask();
        const first = queue.shift()!;
        current = { documents: first.documents, encoded: await first.encoded, at: 0 };
        // Refilled before this batch is written, so that the threads work meanwhile.
        while (pool.width > 1 && queue.length < width && asked < documents.length) ask();
      }
      const { encoded, at } = current;
      const from = at === 0 ? 0 : encoded.ends[at - 1]!;
      const to = encoded.ends[at]!;
      const bytesPerToken = encoded.bytes.length / encoded.ends.at(-1)!;
      const document = current.documents[at]!;
      current.at += 1;
      given += 1;
      return { document, tokens: to - from, bytes: encoded.bytes.subarray(from * bytesPerToken, to * bytesPerToken) };
    },
  };
}
