import type { TensorDtype, TensorSpec } from './checkpoint.ts';
import { DTYPE_BYTES } from './dtype.ts';
import { WeightsError } from './errors.ts';
import { JsonNumber, parseStrictJson } from './strict-json.ts';
import type { StrictJson } from './strict-json.ts';

/** The crate's limit (`MAX_HEADER_SIZE`): a header describes tensors, 100 MB is a hundred thousand of them. */
export const MAX_HEADER_BYTES = 100_000_000;

/** The 8 bytes in front of the header that hold its length. */
export const LENGTH_BYTES = 8;

export interface SafetensorsEntry {
  readonly spec: TensorSpec;
  /** First byte of the data, counted from the end of the header. */
  readonly begin: number;
  /** One past the last byte. */
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of their data in the file. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** Bytes of tensor data that must follow the header. */
  readonly dataBytes: number;
}

/** The header's length from the first eight bytes of a file of `fileBytes`; throws when it cannot be one. */
export function readHeaderLength(prefix: Uint8Array, fileBytes: number, file: string): number {
  if (fileBytes < LENGTH_BYTES || prefix.byteLength < LENGTH_BYTES) {
    throw bad(file, `has ${fileBytes} bytes and so no room for the 8 bytes that give the header length`);
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, LENGTH_BYTES);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw bad(
      file,
      `claims a header of ${length} bytes, more than the ${MAX_HEADER_BYTES} that the format allows`,
    );
  }
  if (Number(length) + LENGTH_BYTES > fileBytes) {
    throw bad(file, `claims a header of ${length} bytes but has only ${fileBytes} bytes in all`);
  }
  return Number(length);
}

/**
 * Parses and checks a safetensors header by the rules of the reference crate (huggingface/safetensors, `tensor.rs`) and its README:
 * one JSON object that begins with `{`, unique keys, `__metadata__` a map of strings, data without holes or overlaps,
 * each range as long as dtype and shape say. Stricter than the crate where the README is (duplicate keys, leading white space)
 * and for element types that no weight of ours has. `file` names the file in errors.
 */
export function parseSafetensorsHeader(bytes: Uint8Array, file: string): SafetensorsHeader {
  if (bytes[0] !== 0x7b) throw bad(file, "has a header that does not begin with '{'");
  const root = parseJson(bytes, file);
  if (!isObject(root)) throw bad(file, 'has a header that is not a JSON object');

  const metadata = new Map<string, string>();
  const listed: SafetensorsEntry[] = [];
  for (const [name, value] of root) {
    if (name === '__metadata__') readMetadata(value, metadata, file);
    else listed.push(readEntry(name, value, file));
  }

  listed.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { spec, begin, end } of listed) {
    if (begin !== position) {
      const fault = begin < position ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw bad(
        file,
        `tensor ${quote(spec.name)}: data_offsets [${begin}, ${end}] ${fault}, ${position} was expected as begin`,
      );
    }
    position = end;
  }
  return { metadata, entries: new Map(listed.map((entry) => [entry.spec.name, entry])), dataBytes: position };
}

function parseJson(bytes: Uint8Array, file: string): StrictJson {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw bad(file, 'has a header that is not UTF-8', cause);
  }
  try {
    return parseStrictJson(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw bad(file, `has a header that is not valid JSON: ${cause.message}`, cause);
  }
}

function readMetadata(value: StrictJson, into: Map<string, string>, file: string): void {
  // The crate reads it as an Option: null is the same as absent.
  if (value === null) return;
  if (!isObject(value)) throw bad(file, '__metadata__ is not an object');
  for (const [key, text] of value) {
    if (typeof text !== 'string') throw bad(file, `__metadata__ field ${quote(key)} is not a string`);
    into.set(key, text);
  }
}

function readEntry(name: string, value: StrictJson, file: string): SafetensorsEntry {
  const where = `tensor ${quote(name)}:`;
  if (!isObject(value)) throw bad(file, `${where} its entry is not an object`);
  const dtype = readDtype(value.get('dtype'), where, file);
  const shape = readUnsignedList(value.get('shape'), `${where} shape`, file);
  const offsets = readUnsignedList(value.get('data_offsets'), `${where} data_offsets`, file);
  if (offsets.length !== 2) throw bad(file, `${where} data_offsets has ${offsets.length} numbers, not 2`);
  const [begin, end] = offsets as [bigint, bigint];

  let bytes = 1n;
  for (const factor of [...shape, BigInt(DTYPE_BYTES[dtype]) * 8n]) {
    bytes *= factor;
    if (bytes > MAX_UINT64)
      throw bad(file, `${where} the size of ${dtype} [${shape.join(', ')}] overflows 64 bits`);
  }
  bytes /= 8n;
  if (end < begin) throw bad(file, `${where} data_offsets [${begin}, ${end}] end before they begin`);
  if (end - begin !== bytes) {
    throw bad(
      file,
      `${where} data_offsets [${begin}, ${end}] span ${end - begin} bytes, but ${dtype} [${shape.join(', ')}] takes ${bytes}`,
    );
  }
  const tooLarge = [...shape, end].find((number) => number > BigInt(Number.MAX_SAFE_INTEGER));
  if (tooLarge !== undefined) throw bad(file, `${where} ${tooLarge} is larger than any file`);
  return { spec: { name, dtype, shape: shape.map(Number) }, begin: Number(begin), end: Number(end) };
}

const MAX_UINT64 = 2n ** 64n - 1n;

function readDtype(value: StrictJson | undefined, where: string, file: string): TensorDtype {
  if (value === undefined) throw bad(file, `${where} dtype is missing`);
  if (typeof value !== 'string') throw bad(file, `${where} dtype is not a string`);
  if (Object.hasOwn(DTYPE_BYTES, value)) return value as TensorDtype;
  throw new WeightsError(
    'unsupported',
    `${file}: ${where} dtype ${quote(value)} is not supported. Convert the checkpoint to one of ${Object.keys(DTYPE_BYTES).join(', ')}.`,
  );
}

function readUnsignedList(value: StrictJson | undefined, where: string, file: string): bigint[] {
  if (value === undefined) throw bad(file, `${where} is missing`);
  if (!Array.isArray(value)) throw bad(file, `${where} is not a list`);
  return (value as readonly StrictJson[]).map((item) => {
    if (!(item instanceof JsonNumber) || !/^\d+$/.test(item.text)) {
      throw bad(file, `${where} holds something that is not an unsigned integer`);
    }
    // A file cannot hold more digits than this; BigInt of a megabyte of digits would take minutes.
    if (item.text.length > 20 || BigInt(item.text) > MAX_UINT64)
      throw bad(file, `${where} overflows 64 bits`);
    return BigInt(item.text);
  });
}

function isObject(value: StrictJson): value is ReadonlyMap<string, StrictJson> {
  return value instanceof Map;
}

function quote(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}

function bad(file: string, what: string, cause?: unknown): WeightsError {
  return new WeightsError(
    'bad-file',
    `${file} is not a valid safetensors file: ${what}. Download or export it again.`,
    cause === undefined ? {} : { cause },
  );
}
