import { WeightsError } from '../errors.ts';
import type { PositionedFile } from '../positioned-file.ts';
import { GgufCursor, WindowEnd } from './gguf-cursor.ts';
import type { GgufValue } from './gguf-cursor.ts';
import { ggmlType } from './ggml-types.ts';
import type { GgmlType } from './ggml-types.ts';

export interface GgufTensor {
  readonly name: string;
  readonly type: GgmlType;
  /** Row-major, outermost first: the reverse of the order in the file. */
  readonly shape: readonly number[];
  /** Position in the file, not relative to the data section. */
  readonly position: number;
  readonly bytes: number;
}

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** Vocabulary and merges of the largest known models take about 10 MB. */
const MAX_HEADER_BYTES = 100_000_000;
/** The largest known models have some ten thousand tensors and a hundred metadata fields. */
const MAX_ENTRIES = 100_000;
/** `GGML_MAX_DIMS`. */
const MAX_DIMENSIONS = 4;

/**
 * Parses the header of a GGUF file, version 2 or 3, little-endian (ggml, `docs/gguf.md`). As in ggml, tensors must lie one after
 * another, each padded to `general.alignment`; keys and tensor names are unique; everything must lie inside the file.
 */
export async function readGgufHeader(file: PositionedFile): Promise<GgufHeader> {
  // The header's length is not stored: parse a window from the start, four times as large each time it ends too early.
  for (let size = 2 ** 20; ; size *= 4) {
    const window = await file.read(0, Math.min(size, file.bytes, MAX_HEADER_BYTES));
    try {
      return parse(new GgufCursor(window), file);
    } catch (error) {
      if (!(error instanceof WindowEnd)) throw error instanceof RangeError ? bad(file, error.message) : error;
      if (window.byteLength === file.bytes) throw bad(file, 'it ends inside its header');
      if (window.byteLength === MAX_HEADER_BYTES)
        throw bad(file, `its header passes ${MAX_HEADER_BYTES} bytes`);
    }
  }
}

function parse(cursor: GgufCursor, file: PositionedFile): GgufHeader {
  if (cursor.magic() !== 'GGUF') throw bad(file, 'it does not begin with the letters GGUF');
  const version = cursor.uint32();
  if (version !== 2 && version !== 3) {
    const detail =
      version > 0xffff ? 'it is big-endian' : `its version is ${version}, only 2 and 3 can be read here`;
    throw new WeightsError(
      'unsupported',
      `${file.path} cannot be read: ${detail}. Convert the model again with a current llama.cpp.`,
    );
  }
  const tensorCount = cursor.count(MAX_ENTRIES, 'tensor_count');
  const metadataCount = cursor.count(MAX_ENTRIES, 'metadata_kv_count');

  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < metadataCount; i++) {
    const key = cursor.string();
    if (metadata.has(key)) throw bad(file, `the metadata key ${JSON.stringify(key)} appears twice`);
    metadata.set(key, cursor.value(cursor.uint32()));
  }

  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment !== 'number' || alignment < 1 || !Number.isInteger(Math.log2(alignment))) {
    throw bad(file, `general.alignment is ${String(alignment)}, not a power of two`);
  }
  const listed = Array.from({ length: tensorCount }, () => readTensor(cursor, file));
  const dataStart = padded(cursor.position, alignment);

  const tensors = new Map<string, GgufTensor>();
  let expected = 0;
  for (const tensor of listed) {
    const where = `tensor ${JSON.stringify(tensor.name)}`;
    if (tensors.has(tensor.name)) throw bad(file, `${where} appears twice`);
    if (tensor.position !== expected) {
      throw bad(file, `${where} has offset ${tensor.position} where ${expected} is next`);
    }
    const position = dataStart + tensor.position;
    if (position + tensor.bytes > file.bytes) {
      throw new WeightsError(
        'bad-file',
        `${file.path} is cut off in ${where}: it has ${file.bytes} bytes, that tensor ends at ${position + tensor.bytes}. Download it again.`,
      );
    }
    tensors.set(tensor.name, { ...tensor, position });
    expected = padded(tensor.position + tensor.bytes, alignment);
  }
  return { metadata, tensors };
}

/** One tensor info; `position` is still relative to the data section. */
function readTensor(cursor: GgufCursor, file: PositionedFile): GgufTensor {
  const name = cursor.string();
  const where = `tensor ${JSON.stringify(name)}`;
  const dimensions = cursor.uint32();
  if (dimensions > MAX_DIMENSIONS) {
    throw bad(file, `${where} has ${dimensions} dimensions, more than ${MAX_DIMENSIONS}`);
  }
  const sizes = Array.from({ length: dimensions }, () =>
    cursor.count(Number.MAX_SAFE_INTEGER, `a size of ${where}`),
  );
  const code = cursor.uint32();
  const type = ggmlType(code);
  if (type === undefined) {
    throw new WeightsError(
      'unsupported',
      `${file.path}: ${where} has the unknown type ${code}. Use a newer release of this tool.`,
    );
  }
  const position = cursor.count(Number.MAX_SAFE_INTEGER, `the offset of ${where}`);
  const elements = sizes.reduce((product, size) => product * size, 1);
  if (elements > Number.MAX_SAFE_INTEGER / 8) throw bad(file, `${where} is larger than any file`);
  if ((sizes[0] ?? 1) % type.blockElements !== 0) {
    throw bad(
      file,
      `${where} has rows of ${sizes[0]} elements, which ${type.name} blocks of ${type.blockElements} do not fill`,
    );
  }
  return {
    name,
    type,
    shape: sizes.reverse(),
    position,
    bytes: (elements / type.blockElements) * type.blockBytes,
  };
}

function padded(position: number, alignment: number): number {
  return Math.ceil(position / alignment) * alignment;
}

function bad(file: PositionedFile, what: string): WeightsError {
  return new WeightsError('bad-file', `${file.path} is not a valid GGUF file: ${what}. Download it again.`);
}
