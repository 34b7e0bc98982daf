import { createHash } from 'node:crypto';

import type { DocumentSpan } from './sources/scan-documents.ts';

/** Words of a document's key: 128 bits of its sha256, so two texts share one by chance in 1 of 10^20 corpora of a billion. */
const KEY_WORDS = 4;

/**
 * Where every document lies and what it is known by: 36 bytes each, so 100 million documents fit in 4 GB and their text
 * never needs to.
 */
export interface DocumentIndex {
  readonly size: number;
  add(file: number, span: DocumentSpan, key: Uint32Array): void;
  file(at: number): number;
  span(at: number): DocumentSpan;
  hasKey(at: number, key: Uint32Array): boolean;
  /** Documents by key, which is a seeded random order; of those with equal keys only the one added first. */
  uniqueInKeyOrder(): Uint32Array;
}

/** The key of a document under a seed. It depends on the text alone: not on the file, the order, or its neighbours. */
export function documentKey(seed: number, text: string): Uint32Array {
  const digest = createHash('sha256').update(`${String(seed)}\n`).update(text).digest();
  return Uint32Array.from({ length: KEY_WORDS }, (_, i) => digest.readUInt32BE(i * 4));
}

export function createDocumentIndex(): DocumentIndex {
  let capacity = 1024;
  let size = 0;
  let files = new Uint32Array(capacity);
  let lengths = new Uint32Array(capacity);
  let offsets = new Float64Array(capacity);
  let lines = new Uint32Array(capacity);
  let keys = new Uint32Array(capacity * KEY_WORDS);

  const grow = (): void => {
    capacity *= 2;
    files = enlarged(files, capacity);
    lengths = enlarged(lengths, capacity);
    lines = enlarged(lines, capacity);
    keys = enlarged(keys, capacity * KEY_WORDS);
    const wider = new Float64Array(capacity);
    wider.set(offsets);
    offsets = wider;
  };
  const compareKeys = (a: number, b: number): number => {
    for (let i = 0; i < KEY_WORDS; i += 1) {
      const difference = keys[a * KEY_WORDS + i]! - keys[b * KEY_WORDS + i]!;
      if (difference !== 0) return difference;
    }
    return 0;
  };
  return {
    get size() {
      return size;
    },
    add(file, span, key) {
      if (size === capacity) grow();
      files[size] = file;
      offsets[size] = span.offset;
      lengths[size] = span.length;
      lines[size] = span.line;
      keys.set(key, size * KEY_WORDS);
      size += 1;
    },
    file: (at) => files[at]!,
    span: (at) => ({ offset: offsets[at]!, length: lengths[at]!, line: lines[at]! }),
    hasKey: (at, key) => key.every((word, i) => keys[at * KEY_WORDS + i] === word),
    uniqueInKeyOrder() {
      const order = Uint32Array.from({ length: size }, (_, i) => i).sort((a, b) => compareKeys(a, b) || a - b);
      return order.filter((at, i) => i === 0 || compareKeys(order[i - 1]!, at) !== 0);
    },
  };
}

function enlarged(values: Uint32Array, capacity: number): Uint32Array<ArrayBuffer> {
  const wider = new Uint32Array(capacity);
  wider.set(values);
  return wider;
}
