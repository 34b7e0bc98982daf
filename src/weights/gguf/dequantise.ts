import { float16Value, toFloat32 } from '../dtype.ts';
import { WeightsError } from '../errors.ts';
import type { GgmlType } from './ggml-types.ts';

/**
 * The float32 values of stored blocks, in storage order; bit for bit what ggml's `dequantize_row_*` give (ggml-quants.c):
 * every product of scale and quant fits float32 exactly, so one rounding is left. `where` names the tensor in errors.
 */
export function dequantise(bytes: Uint8Array, type: GgmlType, where: string): Float32Array {
  switch (type.name) {
    case 'F32':
    case 'F16':
    case 'BF16':
    case 'F64':
      return toFloat32(bytes, type.name);
  }
  const decodeBlock = BLOCK_DECODERS[type.name];
  if (decodeBlock === undefined) {
    const known = ['F32', 'F16', 'BF16', ...Object.keys(BLOCK_DECODERS)].join(', ');
    throw new WeightsError(
      'unsupported',
      `${where} is quantised as ${type.name}, which cannot be read here. Use a file with ${known}.`,
    );
  }
  const blocks = bytes.byteLength / type.blockBytes;
  const out = new Float32Array(blocks * type.blockElements);
  for (let block = 0; block < blocks; block++) {
    decodeBlock(bytes, block * type.blockBytes, out, block * type.blockElements);
  }
  return out;
}

export function canDequantise(type: GgmlType): boolean {
  return type.name in BLOCK_DECODERS || ['F32', 'F16', 'BF16', 'F64'].includes(type.name);
}

/** Decodes the block at `b[at]` into `out[to]` and on. */
type BlockDecoder = (b: Uint8Array, at: number, out: Float32Array, to: number) => void;

const BLOCK_DECODERS: Readonly<Record<string, BlockDecoder>> = {
  // f16 d, 16 bytes of nibbles: low halves are values 0-15, high halves 16-31; d * (q - 8).
  Q4_0(b, at, out, to) {
    const d = half(b, at);
    for (let i = 0; i < 16; i++) {
      const q = b[at + 2 + i]!;
      out[to + i] = d * ((q & 15) - 8);
      out[to + 16 + i] = d * ((q >> 4) - 8);
    }
  },
  // f16 d, f16 m, nibbles; d * q + m.
  Q4_1(b, at, out, to) {
    const d = half(b, at);
    const m = half(b, at + 2);
    for (let i = 0; i < 16; i++) {
      const q = b[at + 4 + i]!;
      out[to + i] = d * (q & 15) + m;
      out[to + 16 + i] = d * (q >> 4) + m;
    }
  },
  // f16 d, 32 fifth bits, nibbles; d * (q - 16).
  Q5_0(b, at, out, to) {
    const d = half(b, at);
    for (let i = 0; i < 16; i++) {
      const q = b[at + 6 + i]!;
      out[to + i] = d * (((q & 15) | (bit(b, at + 2, i) << 4)) - 16);
      out[to + 16 + i] = d * (((q >> 4) | (bit(b, at + 2, i + 16) << 4)) - 16);
    }
  },
  // f16 d, f16 m, 32 fifth bits, nibbles; d * q + m.
  Q5_1(b, at, out, to) {
    const d = half(b, at);
    const m = half(b, at + 2);
    for (let i = 0; i < 16; i++) {
      const q = b[at + 8 + i]!;
      out[to + i] = d * ((q & 15) | (bit(b, at + 4, i) << 4)) + m;
      out[to + 16 + i] = d * ((q >> 4) | (bit(b, at + 4, i + 16) << 4)) + m;
    }
  },
  // f16 d, 32 signed bytes.
  Q8_0(b, at, out, to) {
    const d = half(b, at);
    for (let i = 0; i < 32; i++) out[to + i] = d * signed(b[at + 2 + i]!);
  },
  // f16 d, f16 dmin, 12 bytes of 6-bit scales and minima, 128 bytes of nibbles: 8 groups of 32.
  Q4_K(b, at, out, to) {
    const d = half(b, at);
    const dmin = half(b, at + 2);
    for (let group = 0; group < 8; group++) {
      const scale = d * kScale(b, at + 4, group);
      const min = dmin * kMinimum(b, at + 4, group);
      const nibbles = at + 16 + (group >> 1) * 32;
      const shift = (group & 1) * 4;
      for (let i = 0; i < 32; i++) out[to + group * 32 + i] = scale * ((b[nibbles + i]! >> shift) & 15) - min;
    }
  },
  // As Q4_K with 32 bytes of fifth bits (bit g of byte i belongs to value i of group g) before the nibbles.
  Q5_K(b, at, out, to) {
    const d = half(b, at);
    const dmin = half(b, at + 2);
    for (let group = 0; group < 8; group++) {
      const scale = d * kScale(b, at + 4, group);
      const min = dmin * kMinimum(b, at + 4, group);
      const nibbles = at + 48 + (group >> 1) * 32;
      const shift = (group & 1) * 4;
      for (let i = 0; i < 32; i++) {
        const high = (b[at + 16 + i]! >> group) & 1;
        out[to + group * 32 + i] = scale * (((b[nibbles + i]! >> shift) & 15) | (high << 4)) - min;
      }
    }
  },
  // 128 bytes of low nibbles, 64 bytes of high pairs of bits, 16 signed scales, f16 d: 16 groups of 16; d * scale * (q - 32).
  Q6_K(b, at, out, to) {
    const d = half(b, at + 208);
    for (let j = 0; j < 256; j++) {
      const halfIndex = j >> 7;
      const quarter = (j >> 5) & 3;
      const i = j & 31;
      const low = (b[at + halfIndex * 64 + (quarter & 1) * 32 + i]! >> ((quarter >> 1) * 4)) & 15;
      const high = (b[at + 128 + halfIndex * 32 + i]! >> (quarter * 2)) & 3;
      out[to + j] = d * signed(b[at + 192 + (j >> 4)]!) * ((low | (high << 4)) - 32);
    }
  },
};

function half(b: Uint8Array, at: number): number {
  return float16Value(b[at]! | (b[at + 1]! << 8));
}

function signed(byte: number): number {
  return (byte << 24) >> 24;
}

/** Bit `index` of the little-endian bit field at `b[at]`. */
function bit(b: Uint8Array, at: number, index: number): number {
  return (b[at + (index >> 3)]! >> (index & 7)) & 1;
}

/** `get_scale_min_k4`: groups 0-3 keep six bits in one byte; 4-7 have four of them in bytes 8-11 and two on top of bytes 0-7. */
function kScale(b: Uint8Array, at: number, group: number): number {
  return group < 4 ? b[at + group]! & 63 : (b[at + 4 + group]! & 15) | ((b[at + group - 4]! >> 6) << 4);
}

function kMinimum(b: Uint8Array, at: number, group: number): number {
  return group < 4 ? b[at + 4 + group]! & 63 : (b[at + 4 + group]! >> 4) | ((b[at + group]! >> 6) << 4);
}
