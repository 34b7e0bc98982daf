import { DataError } from '../data-error.ts';

import type { DocumentSpan } from './scan-documents.ts';
import type { SourceFile } from './text-source.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text of a document from its bytes; empty where it is only white space.
 * @throws DataError `source-malformed` naming the file, and line and field or byte offset.
 */
export function decodeDocument(file: SourceFile, span: DocumentSpan, bytes: Uint8Array): string {
  const text = decodeUtf8(file.origin, span, bytes);
  const document = file.format === 'jsonl' ? fieldOf(file.origin, span.line, file.field, text) : text;
  return /\S/u.test(document) ? document : '';
}

function decodeUtf8(path: string, span: DocumentSpan, bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    const at = span.offset + invalidUtf8Offset(bytes);
    throw new DataError(
      'source-malformed',
      `${path} is not UTF-8 at byte ${String(at)} (in the document that begins in line ${String(span.line)}). Convert the file to UTF-8.`,
      { cause },
    );
  }
}

/** First byte that is no part of valid UTF-8: where lossy decoding puts a U+FFFD that the bytes do not spell. */
export function invalidUtf8Offset(bytes: Uint8Array): number {
  const lossy = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  let offset = 0;
  for (const character of lossy) {
    const code = character.codePointAt(0)!;
    const spelled = bytes[offset] === 0xef && bytes[offset + 1] === 0xbf && bytes[offset + 2] === 0xbd;
    if (code === 0xfffd && !spelled) return offset;
    offset += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return offset;
}

function fieldOf(path: string, line: number, field: string, text: string): string {
  const where = `${path}, line ${String(line)}`;
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(
      'source-malformed',
      `${where}: not valid JSON (${reason}). Every line of a .jsonl file is one JSON object: correct or remove it.`,
      { cause },
    );
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw new DataError(
      'source-malformed',
      `${where}: ${JSON.stringify(row).slice(0, 40)} is not a JSON object. Every line of a .jsonl file is one: correct or remove it.`,
    );
  }
  const value = Object.hasOwn(row, field) ? (row as Record<string, unknown>)[field] : undefined;
  if (typeof value !== 'string') {
    const seen = value === undefined ? 'is missing' : `is ${JSON.stringify(value).slice(0, 40)}, not text`;
    throw new DataError(
      'source-malformed',
      `${where}: field "${field}" ${seen} (fields there: ${Object.keys(row).join(', ').slice(0, 120)}). Set the source's field to the one that holds the text.`,
    );
  }
  if (/\p{Cs}/u.test(value)) {
    throw new DataError(
      'source-malformed',
      `${where}: field "${field}" holds half a surrogate pair, which is not text. Correct or remove the line.`,
    );
  }
  return value;
}
