import type { TensorDtype } from './checkpoint.ts';
import { WeightsError } from './errors.ts';

/** Bytes of one element. */
export const DTYPE_BYTES: Readonly<Record<TensorDtype, number>> = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  BF16: 2,
  F16: 2,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** The floating types that weights can be converted between. */
export type FloatDtype = 'F64' | 'F32' | 'F16' | 'BF16';

export function isFloatDtype(dtype: TensorDtype): dtype is FloatDtype {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16' || dtype === 'F64';
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes that a tensor of this type and shape occupies. */
export function byteLength(dtype: TensorDtype, shape: readonly number[]): number {
  return elementCount(shape) * DTYPE_BYTES[dtype];
}

/**
 * Little-endian elements of `dtype` as float32. Widening is exact; F64 rounds to nearest even.
 * An F32 input that lies aligned in its buffer is viewed, not copied; the others fill `out` where it is given.
 */
export function toFloat32(bytes: Uint8Array, dtype: TensorDtype, out?: Float32Array): Float32Array {
  switch (dtype) {
    case 'F32':
      return new Float32Array(...span(bytes, 4));
    case 'F64':
      return copied(new Float64Array(...span(bytes, 8)), out);
    case 'BF16':
      return bfloat16ToFloat32(new Uint16Array(...span(bytes, 2)), out);
    case 'F16':
      return float16ToFloat32(new Uint16Array(...span(bytes, 2)), out);
    default:
      throw new WeightsError(
        'unsupported',
        `A tensor of type ${dtype} cannot be read as float32. Only F64, F32, F16 and BF16 tensors hold weights.`,
      );
  }
}

/** Float32 values as little-endian elements of `dtype`, rounded to nearest even; NaN stays NaN, what is too large becomes infinite. */
export function fromFloat32(values: Float32Array, dtype: FloatDtype, out?: Uint16Array): Uint8Array {
  switch (dtype) {
    case 'F32':
      return bytesOf(values);
    case 'F64':
      return bytesOf(Float64Array.from(values));
    case 'BF16':
      return bytesOf(float32ToBfloat16(values, out));
    case 'F16':
      return bytesOf(float32ToFloat16(values, out));
  }
}

/**
 * A converter for one tensor after another in pieces: its two buffers are reused, so converting leaves no garbage behind.
 * What it returns is valid until the next call.
 */
export function createConverter(from: FloatDtype, to: FloatDtype): (piece: Uint8Array) => Uint8Array {
  let wide = new Float32Array(0);
  let narrow = new Uint16Array(0);
  return (piece) => {
    const count = piece.byteLength / DTYPE_BYTES[from];
    if (from !== 'F32' && wide.length < count) wide = new Float32Array(count);
    if (to !== 'F32' && narrow.length < count) narrow = new Uint16Array(count);
    return fromFloat32(toFloat32(piece, from, wide.subarray(0, count)), to, narrow.subarray(0, count));
  };
}

/** Brain floats are the upper half of a float32. */
export function bfloat16ToFloat32(
  source: Uint16Array,
  out: Float32Array = new Float32Array(source.length),
): Float32Array {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < source.length; i++) bits[i] = source[i]! << 16;
  return out;
}

export function float32ToBfloat16(
  source: Float32Array,
  out: Uint16Array = new Uint16Array(source.length),
): Uint16Array {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i]!;
    // Rounding a NaN could carry into the exponent and make it infinite: keep it, quiet.
    if ((x & 0x7fffffff) > 0x7f800000) out[i] = (x >>> 16) | 0x0040;
    else out[i] = (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
  }
  return out;
}

export function float16ToFloat32(
  source: Uint16Array,
  out: Float32Array = new Float32Array(source.length),
): Float32Array {
  const table = float16Table();
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < source.length; i++) bits[i] = table[source[i]!]!;
  return out;
}

export function float32ToFloat16(
  source: Float32Array,
  out: Uint16Array = new Uint16Array(source.length),
): Uint16Array {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let i = 0; i < bits.length; i++) out[i] = roundToFloat16(bits[i]!);
  return out;
}

/** The value of one float16 given by its bits: the scales inside quantised blocks. */
export function float16Value(bits: number): number {
  cachedFloat16Values ??= new Float32Array(float16Table().buffer);
  return cachedFloat16Values[bits]!;
}

let cachedFloat16Values: Float32Array | undefined;

function roundToFloat16(x: number): number {
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x03ff);
  // 65520 is half-way between the largest float16, 65504, and 2^16; it rounds to the even side, infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    // Normal: rebias the exponent from 127 to 15; a carry out of the mantissa is the right next exponent.
    return sign | ((magnitude - 0x38000000 + 0x0fff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  // Subnormal: count of 2^-24, rounded to even. At or below 2^-25 that is zero (exactly half-way goes to even).
  if (magnitude <= 0x33000000) return sign;
  const exponent = magnitude >>> 23;
  const mantissa = (magnitude & 0x007fffff) | 0x00800000;
  const shift = 126 - exponent;
  const half = 1 << (shift - 1);
  const kept = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0));
}

let cachedFloat16Table: Uint32Array | undefined;

/** Float32 bits of every float16: 256 kB, built on first use, ten times faster than shifting each element. */
function float16Table(): Uint32Array {
  if (cachedFloat16Table !== undefined) return cachedFloat16Table;
  const table = new Uint32Array(65536);
  const asFloat = new Float32Array(table.buffer);
  for (let half = 0; half < 65536; half++) {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >>> 10) & 0x1f;
    const mantissa = half & 0x03ff;
    if (exponent === 0) {
      asFloat[half] = mantissa * 2 ** -24;
      table[half] = table[half]! | sign;
    } else if (exponent === 31) {
      table[half] = sign | 0x7f800000 | (mantissa << 13);
    } else {
      table[half] = sign | ((exponent + 112) << 23) | (mantissa << 13);
    }
  }
  cachedFloat16Table = table;
  return table;
}

/** Buffer, offset and length for a typed array over `bytes`; copies when they do not lie on the element's boundary. */
function span(bytes: Uint8Array, size: number): [ArrayBufferLike, number, number] {
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return [aligned.buffer, aligned.byteOffset, Math.floor(bytes.byteLength / size)];
}

function copied(source: Float64Array, out: Float32Array = new Float32Array(source.length)): Float32Array {
  out.set(source);
  return out;
}

/** The same memory as bytes. */
export function bytesOf(array: Float32Array | Float64Array | Uint16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
