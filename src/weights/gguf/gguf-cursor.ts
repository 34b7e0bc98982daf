/** A metadata value; 64-bit integers beyond 2^53 are bigints. */
export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

/** Thrown when the window that was read ends before the header does; the caller reads a larger one. */
export class WindowEnd extends Error {}

/** Arrays in arrays are allowed by the format; ggml itself reads none. */
const MAX_NESTING = 4;

/** Reads the little-endian fields of a GGUF header one after another. Impossible values are `RangeError`s. */
export class GgufCursor {
  position = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  magic(): string {
    const at = this.#advance(4);
    return String.fromCharCode(...this.#bytes.subarray(at, at + 4));
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** An unsigned 64-bit number that may not pass `limit`. */
  count(limit: number, what: string): number {
    const value = this.#view.getBigUint64(this.#advance(8), true);
    if (value > BigInt(limit)) throw new RangeError(`${what} is ${value}, more than ${limit}`);
    return Number(value);
  }

  string(): string {
    // A length beyond the window is beyond the file or the header limit as well, and is reported as that.
    const length = this.count(Number.MAX_SAFE_INTEGER, 'the length of a string');
    const at = this.#advance(length);
    try {
      return this.#text.decode(this.#bytes.subarray(at, at + length));
    } catch {
      throw new RangeError(`the string at byte ${at} is not UTF-8`);
    }
  }

  /** A value of `gguf_metadata_value_type` `type`. */
  value(type: number, depth = 0): GgufValue {
    switch (type) {
      case 0:
        return this.#view.getUint8(this.#advance(1));
      case 1:
        return this.#view.getInt8(this.#advance(1));
      case 2:
        return this.#view.getUint16(this.#advance(2), true);
      case 3:
        return this.#view.getInt16(this.#advance(2), true);
      case 4:
        return this.uint32();
      case 5:
        return this.#view.getInt32(this.#advance(4), true);
      case 6:
        return shortestFloat32(this.#view.getFloat32(this.#advance(4), true));
      case 7:
        return this.#boolean();
      case 8:
        return this.string();
      case 9:
        return this.#array(depth);
      case 10:
        return narrowed(this.#view.getBigUint64(this.#advance(8), true));
      case 11:
        return narrowed(this.#view.getBigInt64(this.#advance(8), true));
      case 12:
        return this.#view.getFloat64(this.#advance(8), true);
      default:
        throw new RangeError(`the metadata value at byte ${this.position} has the unknown type ${type}`);
    }
  }

  #boolean(): boolean {
    const at = this.#advance(1);
    const byte = this.#view.getUint8(at);
    if (byte > 1) throw new RangeError(`the boolean at byte ${at} is ${byte}`);
    return byte === 1;
  }

  #array(depth: number): readonly GgufValue[] {
    if (depth >= MAX_NESTING) throw new RangeError(`arrays are nested more than ${MAX_NESTING} deep`);
    const type = this.uint32();
    const length = this.count(Number.MAX_SAFE_INTEGER, 'the length of an array');
    const items: GgufValue[] = [];
    // Pushed one by one: a false length of 2^50 then ends with the window, not in an allocation.
    for (let i = 0; i < length; i++) items.push(this.value(type, depth + 1));
    return items;
  }

  #advance(length: number): number {
    const at = this.position;
    if (at + length > this.#bytes.byteLength) throw new WindowEnd();
    this.position = at + length;
    return at;
  }
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The shortest decimal that is this float32: 1e-5 is stored as 9.999999747378752e-06 and should be 1e-5 in a config again. */
function shortestFloat32(value: number): number {
  if (!Number.isFinite(value)) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
