import { describe, expect, it } from 'vitest';
import {
  bfloat16ToFloat32,
  createConverter,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
  fromFloat32,
  toFloat32,
} from './dtype.ts';

const ALL = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** IEEE 754 half precision by its definition, in doubles. */
function halfByDefinition(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

function bfloatByDefinition(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 7) & 255;
  const mantissa = bits & 127;
  if (exponent === 255) return mantissa === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -133 : sign * (1 + mantissa / 128) * 2 ** (exponent - 127);
}

/** The float32 next to a positive one, up (1) or down (-1). */
function neighbour(value: number, step: 1 | -1): number {
  const cell = new Float32Array([value]);
  new Uint32Array(cell.buffer)[0]! += step;
  return cell[0]!;
}

const FORMATS = [
  ['F16', float16ToFloat32, float32ToFloat16, halfByDefinition, 0x7c00, 0x0200],
  ['BF16', bfloat16ToFloat32, float32ToBfloat16, bfloatByDefinition, 0x7f80, 0x0040],
] as const;

describe.each(FORMATS)('%s', (_, widen, narrow, byDefinition, infinity, quietBit) => {
  it('widens all 65536 values exactly, the sign of zero included', () => {
    const values = widen(ALL);
    for (let bits = 0; bits < 65536; bits++) {
      if (!Object.is(values[bits], byDefinition(bits)))
        expect.fail(`${bits}: ${values[bits]} is not ${byDefinition(bits)}`);
    }
  });

  it('comes back from all 65536 values, a NaN as a quiet NaN with its payload', () => {
    const back = narrow(widen(ALL));
    for (let bits = 0; bits < 65536; bits++) {
      const isNaN = (bits & 0x7fff) > infinity;
      if (back[bits] !== (isNaN ? bits | quietBit : bits)) expect.fail(`${bits} came back as ${back[bits]}`);
    }
  });

  it('rounds to nearest, ties to even, at every midpoint between two neighbours of either sign', () => {
    const values = widen(ALL);
    for (let low = 0; low < infinity; low++) {
      const below = values[low]!;
      // Beyond the largest value rounding goes on as if the exponent did: the next step is one unit further.
      const above = low + 1 === infinity ? below + (below - values[low - 1]!) : values[low + 1]!;
      const middle = Math.fround((below + above) / 2);
      const even = low & 1 ? low + 1 : low;
      const inputs = Float32Array.of(
        middle,
        neighbour(middle, -1),
        neighbour(middle, 1),
        -middle,
        -neighbour(middle, -1),
      );
      const expected = [even, low, low + 1, even | 0x8000, low | 0x8000];
      const got = [...narrow(inputs)];
      if (got.some((value, i) => value !== expected[i]))
        expect.fail(`between ${low} and ${low + 1}: ${got.join()} not ${expected.join()}`);
    }
  });

  it('turns what is too large into infinity and what is too small into a signed zero', () => {
    expect([...narrow(Float32Array.of(3.4e38, -Infinity, 1e-45, -1e-45))]).toEqual([
      infinity,
      0x8000 | infinity,
      0,
      0x8000,
    ]);
  });
});

describe('toFloat32', () => {
  it('reads bytes that do not lie on an element boundary', () => {
    const shifted = new Uint8Array(9);
    shifted.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), 1);
    expect([...toFloat32(shifted.subarray(1), 'F32')]).toEqual([1.5, -2]);
  });

  it('rounds F64 to nearest even', () => {
    const bytes = fromFloat32(Float32Array.of(0.1), 'F64');
    expect(toFloat32(bytes, 'F64')[0]).toBe(Math.fround(0.1));
    expect(toFloat32(new Uint8Array(Float64Array.of(1 + 2 ** -24).buffer), 'F64')[0]).toBe(1);
  });

  it('refuses integers by name', () => {
    expect(() => toFloat32(new Uint8Array(8), 'I64')).toThrow(
      'A tensor of type I64 cannot be read as float32',
    );
  });
});

describe('createConverter', () => {
  it.each([
    ['F32', 'BF16'],
    ['F16', 'F32'],
    ['BF16', 'F16'],
    ['F64', 'BF16'],
  ] as const)('gives piece by piece what %s to %s gives at once', (from, to) => {
    const bytes = fromFloat32(
      Float32Array.from({ length: 50 }, (_, i) => Math.sin(i) * 3 ** (i % 7)),
      from,
    );
    const convert = createConverter(from, to);
    const size = bytes.length / 50;
    const cuts = [0, 20, 24, 50];
    const pieces = cuts
      .slice(1)
      .map((end, i) => convert(bytes.subarray(cuts[i]! * size, end * size)).slice());
    expect(Buffer.concat(pieces).equals(fromFloat32(toFloat32(bytes, from), to))).toBe(true);
  });
});
