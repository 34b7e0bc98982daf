import { DataError } from '../data-error.ts';

/** `ModelProto.SentencePiece.Type` of sentencepiece's `sentencepiece_model.proto`. */
export const PIECE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** `TrainerSpec.ModelType`, in order from 1. */
const TYPES = ['unigram', 'bpe', 'word', 'char'] as const;

export interface Piece {
  readonly text: string;
  readonly score: number;
  readonly type: number;
}

/** What encoding needs of a SentencePiece `tokenizer.model`. */
export interface SentencePieceModel {
  readonly type: 'unigram' | 'bpe';
  readonly pieces: readonly Piece[];
  readonly byteFallback: boolean;
  readonly spaceAsSuffix: boolean;
  /** -1 where the model has none. */
  readonly bosId: number;
  readonly eosId: number;
  readonly unknownSurface: string;
  readonly charsmap: Uint8Array;
  readonly addDummyPrefix: boolean;
  readonly removeExtraSpaces: boolean;
  readonly escapeSpaces: boolean;
}

/**
 * Reads a `tokenizer.model`, a `ModelProto` in protobuf's wire format. Fields left out have the defaults of the `.proto` file.
 * @throws DataError `tokenizer-unreadable` where it is no such file, `tokenizer-unsupported` for models other than unigram and BPE.
 */
export function parseSentencePieceModel(bytes: Uint8Array): SentencePieceModel {
  try {
    return readModel(bytes);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(
      'tokenizer-unreadable',
      `tokenizer.model is not a SentencePiece model (${cause instanceof Error ? cause.message : String(cause)}). Fetch the file again.`,
      { cause },
    );
  }
}

function readModel(bytes: Uint8Array): SentencePieceModel {
  const model = readMessage(bytes);
  const trainer = readMessage(last(model, 2) ?? new Uint8Array());
  const normalizer = readMessage(last(model, 3) ?? new Uint8Array());
  const pieces = (model.get(1) ?? []).map((value) => {
    const piece = readMessage(asBytes(value));
    return { text: text(piece, 1, ''), score: float(piece, 2, 0), type: integer(piece, 3, PIECE.normal) };
  });
  if (pieces.length === 0) throw new Error('it holds no pieces');
  const typeNumber = integer(trainer, 3, 1);
  const type = TYPES[typeNumber - 1];
  if (type !== 'unigram' && type !== 'bpe') {
    throw new DataError(
      'tokenizer-unsupported',
      `tokenizer.model is of type ${type ?? String(typeNumber)}, and only unigram and bpe are supported here. Use the tokenizer of a LLaMA-family model, or its tokenizer.json.`,
    );
  }
  return {
    type,
    pieces,
    byteFallback: integer(trainer, 35, 0) !== 0,
    spaceAsSuffix: integer(trainer, 24, 0) !== 0,
    bosId: integer(trainer, 41, 1),
    eosId: integer(trainer, 42, 2),
    unknownSurface: text(trainer, 44, ' \u2047 '),
    charsmap: last(normalizer, 2) ?? new Uint8Array(),
    addDummyPrefix: integer(normalizer, 3, 1) !== 0,
    removeExtraSpaces: integer(normalizer, 4, 1) !== 0,
    escapeSpaces: integer(normalizer, 5, 1) !== 0,
  };
}

type Message = ReadonlyMap<number, readonly (number | Uint8Array)[]>;

/** Fields by number; varints as numbers (negative ones as int32), 32-bit values and submessages as bytes. */
function readMessage(bytes: Uint8Array): Message {
  const fields = new Map<number, (number | Uint8Array)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined || shift > 63n) throw new Error(`it is cut off at byte ${String(at)}`);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
  };
  const take = (length: number): Uint8Array => {
    if (length < 0 || at + length > bytes.length) throw new Error(`it is cut off at byte ${String(at)}`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    const value = wire === 0 ? varint() : wire === 1 ? take(8) : wire === 2 ? take(varint()) : wire === 5 ? take(4) : undefined;
    if (value === undefined) throw new Error(`wire type ${String(wire)} at byte ${String(at)}`);
    const field = tag >>> 3;
    const values = fields.get(field);
    if (values === undefined) fields.set(field, [value]);
    else values.push(value);
  }
  return fields;
}

function asBytes(value: number | Uint8Array | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error('a field has the wrong type');
}

function last(message: Message, field: number): Uint8Array | undefined {
  const value = message.get(field)?.at(-1);
  return value === undefined ? undefined : asBytes(value);
}

function integer(message: Message, field: number, otherwise: number): number {
  const value = message.get(field)?.at(-1) ?? otherwise;
  if (typeof value === 'number') return value;
  throw new Error(`field ${String(field)} has the wrong type`);
}

function float(message: Message, field: number, otherwise: number): number {
  const value = last(message, field);
  return value === undefined ? otherwise : new DataView(value.buffer, value.byteOffset, 4).getFloat32(0, true);
}

function text(message: Message, field: number, otherwise: string): string {
  const value = last(message, field);
  return value === undefined ? otherwise : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
}
