import { DataError } from './data-error.ts';
import { KEY_WORDS, documentKey } from './document-index.ts';
import { createDocumentReader } from './sources/read-documents.ts';

import type { DocumentIndex } from './document-index.ts';
import type { SourceFile } from './sources/text-source.ts';
import type { TokenLayout } from './sources/token-documents.ts';

/** Documents by place and key; one array element a document, keys four. Goes between threads as it is. */
export interface DocumentBatch {
  readonly files: Uint32Array;
  readonly offsets: Float64Array;
  readonly lengths: Uint32Array;
  readonly lines: Uint32Array;
  readonly keys: Uint32Array;
}

/** Their ids, each document with the separator behind it. */
export interface EncodedBatch {
  /** Little-endian uint16 or uint32. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For each document, the number of ids up to its end. */
  readonly ends: Float64Array;
}

export interface EncodeOptions {
  readonly files: readonly SourceFile[];
  readonly seed: number;
  readonly layout: TokenLayout;
  readonly vocabularySize: number;
}

/** Ids of texts, without special tokens. */
export type EncodeTexts = (texts: readonly string[]) => Promise<ArrayLike<number>[]> | ArrayLike<number>[];

export interface DocumentEncoder {
  /** @throws DataError `source-changed` where a document is no longer the one that was indexed; `token-out-of-vocabulary`. */
  encode(batch: DocumentBatch): Promise<EncodedBatch>;
  close(): Promise<void>;
}

/** Reads documents and turns them into the bytes of a token file. */
export function createDocumentEncoder(options: EncodeOptions, encodeTexts: EncodeTexts): DocumentEncoder {
  const { files, seed, layout, vocabularySize } = options;
  const { bytesPerToken, separatorTokenId } = layout;
  const reader = createDocumentReader();
  const requireKey = (file: SourceFile, batch: DocumentBatch, at: number, content: string | Uint8Array): void => {
    const key = documentKey(seed, content);
    if (key.every((word, i) => batch.keys[at * KEY_WORDS + i] === word)) return;
    throw new DataError('source-changed', `${file.origin} changed while it was read. Start again once it is complete.`);
  };
  return {
    async encode(batch) {
      const texts: string[] = [];
      const ids: ArrayLike<number>[] = [];
      const textAt: number[] = [];
      for (let at = 0; at < batch.files.length; at += 1) {
        const file = files[batch.files[at]!]!;
        const span = { offset: batch.offsets[at]!, length: batch.lengths[at]!, line: batch.lines[at]! };
        if (file.format === 'tokens') {
          const bytes = await reader.readBytes(file, span);
          requireKey(file, batch, at, bytes);
          ids[at] = readIds(bytes, bytesPerToken, (id, i) => {
            throw new DataError(
              'token-out-of-vocabulary',
              `${file.origin}: token ${String(span.line + i)} is ${String(id)}, and the vocabulary has ${String(vocabularySize)} ids. Use the tokenizer that the file was made with.`,
            );
          }, vocabularySize);
        } else {
          const text = await reader.read(file, span);
          requireKey(file, batch, at, text);
          textAt.push(at);
          texts.push(text);
        }
      }
      const encoded = await encodeTexts(texts);
      for (const [i, at] of textAt.entries()) ids[at] = encoded[i]!;
      return packIds(ids, bytesPerToken, separatorTokenId, vocabularySize);
    },
    close: () => reader.close(),
  };
}

/** The batch of some documents of an index. */
export function documentBatch(index: DocumentIndex, documents: Uint32Array): DocumentBatch {
  const keys = new Uint32Array(documents.length * KEY_WORDS);
  for (const [i, at] of documents.entries()) keys.set(index.key(at), i * KEY_WORDS);
  const spans = Array.from(documents, (at) => index.span(at));
  return {
    files: documents.map((at) => index.file(at)),
    offsets: Float64Array.from(spans, ({ offset }) => offset),
    lengths: Uint32Array.from(spans, ({ length }) => length),
    lines: Uint32Array.from(spans, ({ line }) => line),
    keys,
  };
}

function readIds(
  bytes: Buffer,
  width: 2 | 4,
  refuse: (id: number, at: number) => never,
  vocabularySize: number,
): Uint32Array {
  return Uint32Array.from({ length: bytes.length / width }, (_, i) => {
    const id = width === 2 ? bytes.readUInt16LE(i * 2) : bytes.readUInt32LE(i * 4);
    return id < vocabularySize ? id : refuse(id, i);
  });
}

function packIds(
  documents: readonly ArrayLike<number>[],
  width: 2 | 4,
  separator: number,
  vocabularySize: number,
): EncodedBatch {
  const total = documents.reduce((sum, ids) => sum + ids.length + 1, 0);
  // Typed arrays are little-endian on every platform that Node runs on with TensorFlow.
  const packed = width === 2 ? new Uint16Array(total) : new Uint32Array(total);
  const ends = new Float64Array(documents.length);
  let at = 0;
  for (const [document, ids] of documents.entries()) {
    for (let i = 0; i < ids.length; i += 1) {
      const id = ids[i]!;
      if (id >= vocabularySize) throw new RangeError(`the tokenizer gave id ${String(id)} of ${String(vocabularySize)}`);
      packed[at] = id;
      at += 1;
    }
    packed[at] = separator;
    at += 1;
    ends[document] = at;
  }
  return { bytes: new Uint8Array(packed.buffer), ends };
}
