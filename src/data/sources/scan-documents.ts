import { readLines, requireSize } from './text-lines.ts';

import type { SourceFile } from './text-source.ts';

/** Where in a file a document lies. */
export interface DocumentSpan {
  /** First byte. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  /** Line of its first byte, from 1. */
  readonly line: number;
}

const MARKER = Buffer.from('<|endoftext|>');
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d]);

/**
 * Finds the documents of a file without keeping their text. A text document runs from its first line that is not blank
 * to its last, the last line's end excluded; a byte order mark and blank lines around it are not part of it.
 * `.jsonl`: one span a line that is not blank. `onChunk` sees every byte of the file once.
 */
export async function* scanDocuments(
  file: SourceFile,
  onChunk: (bytes: Buffer) => void,
): AsyncGenerator<DocumentSpan> {
  const endsAtBlank = file.format === 'text' && file.documents === 'paragraph';
  const endsAtLine = file.format !== 'text' || file.documents === 'line';
  let current: { offset: number; end: number; line: number } | undefined;
  let lineNumber = 0;
  const take = (): DocumentSpan | undefined => {
    if (current === undefined) return undefined;
    const { offset, end, line } = current;
    current = undefined;
    requireSize(file.origin, end - offset);
    return { offset, length: end - offset, line };
  };

  for await (const lines of readLines(file, onChunk)) {
    for (const line of lines) {
      lineNumber += 1;
      for (const segment of file.format === 'jsonl' ? [afterMark(line)] : cutAtMarkers(afterMark(line))) {
        const length = lengthWithoutCarriageReturn(segment.bytes);
        if (!isBlank(segment.bytes)) {
          current ??= { offset: segment.offset, end: 0, line: lineNumber };
          current.end = segment.offset + length;
          if (endsAtLine) yield take()!;
        } else if (endsAtBlank && segment.whole) {
          const span = take();
          if (span !== undefined) yield span;
        }
        if (segment.endsDocument) {
          const span = take();
          if (span !== undefined) yield span;
        }
      }
    }
  }
  const last = take();
  if (last !== undefined) yield last;
}

interface Segment {
  readonly offset: number;
  readonly bytes: Buffer;
  /** It is followed by `<|endoftext|>`. */
  readonly endsDocument: boolean;
  /** It is all of its line. */
  readonly whole: boolean;
}

/** The line without the byte order mark that a file may begin with. */
function afterMark({ offset, bytes }: { offset: number; bytes: Buffer }): Segment {
  const skipped = offset === 0 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0;
  return { offset: offset + skipped, bytes: bytes.subarray(skipped), endsDocument: false, whole: true };
}

function cutAtMarkers(line: Segment): Segment[] {
  const segments: Segment[] = [];
  let from = 0;
  for (let at = line.bytes.indexOf(MARKER); at !== -1; at = line.bytes.indexOf(MARKER, from)) {
    segments.push({
      offset: line.offset + from,
      bytes: line.bytes.subarray(from, at),
      endsDocument: true,
      whole: false,
    });
    from = at + MARKER.length;
  }
  if (from === 0) return [line];
  segments.push({ offset: line.offset + from, bytes: line.bytes.subarray(from), endsDocument: false, whole: false });
  return segments;
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (!SPACE.has(byte)) return false;
  return true;
}

function lengthWithoutCarriageReturn(bytes: Buffer): number {
  return bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length;
}
