import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WeightsError } from './errors.ts';
import { openSafetensors } from './safetensors-file.ts';
import { parseSafetensorsHeader } from './safetensors-header.ts';

interface Verdict {
  readonly name: string;
  readonly base64: string;
  readonly accepted: boolean;
  readonly refusedHere?: string;
}

const fixtures = fileURLToPath(new URL('../../test/fixtures/weights/', import.meta.url));
const verdicts = JSON.parse(readFileSync(join(fixtures, 'safetensors-verdicts.json'), 'utf8')) as {
  readonly cases: readonly Verdict[];
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function problemWith(bytes: Uint8Array): Promise<string | undefined> {
  const path = join(folder, 'model.safetensors');
  await writeFile(path, bytes);
  try {
    const file = await openSafetensors(path);
    try {
      for (const name of file.entries.keys()) await file.read(name);
    } finally {
      await file.close();
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    return error.message;
  }
}

function packed(header: string, dataBytes: number, claimed = BigInt(Buffer.byteLength(header))): Buffer {
  const out = Buffer.alloc(8 + Buffer.byteLength(header) + dataBytes);
  out.writeBigUInt64LE(claimed, 0);
  out.write(header, 8);
  return out;
}

describe('openSafetensors', () => {
  it('agrees with the reference crate on every fixture, save where it says why it is stricter', async () => {
    expect(verdicts.cases.length).toBeGreaterThan(200);
    for (const { name, base64, accepted, refusedHere } of verdicts.cases) {
      const problem = await problemWith(Buffer.from(base64, 'base64'));
      expect(problem === undefined, `${name}: ${problem ?? 'accepted'}`).toBe(
        accepted && refusedHere === undefined,
      );
    }
  });

  it.each([
    ['a header of 2^40 bytes', packed('{}', 0, 2n ** 40n), 'claims a header of 1099511627776 bytes'],
    [
      'a file that is cut off',
      packed('{"wte.weight":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}', 15),
      'is cut off in tensor "wte.weight"',
    ],
    [
      'overlapping data',
      packed(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}',
        6,
      ),
      'tensor "b": data_offsets [2, 6] overlaps the tensor before it',
    ],
    [
      'an unknown type',
      packed('{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', 1),
      'tensor "a": dtype "F8_E4M3" is not supported',
    ],
    [
      'a key given twice',
      packed('{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"a":0}', 1),
      'the key "a" appears twice',
    ],
    [
      'a shape without end',
      packed('{"a":{"dtype":"U8","shape":[1e3],"data_offsets":[0,1]}}', 1),
      'tensor "a": shape',
    ],
  ])('names file and field for %s', async (_, bytes, sentence) => {
    const problem = await problemWith(bytes);
    expect(problem).toContain(join(folder, 'model.safetensors'));
    expect(problem).toContain(sentence);
  });

  it('refuses or accepts any bytes, but never fails in another way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 64 }),
        fc.string({ maxLength: 40 }),
        async (tail, header) => {
          await problemWith(Buffer.concat([packed(`{${header}`, 0), tail]));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('reads a tensor in pieces, or into an array, as it reads it whole', async () => {
    const file = await openSafetensors(join(fixtures, 'crate-layout.safetensors'));
    for (const name of file.entries.keys()) {
      const whole = await file.read(name);
      for (const size of [16, new Uint8Array(16)]) {
        const pieces: Uint8Array[] = [];
        for await (const piece of file.chunks(name, size)) pieces.push(piece.slice());
        expect(Buffer.concat(pieces).equals(whole), name).toBe(true);
      }
      const target = new Uint8Array(whole.byteLength);
      await file.readInto(name, target);
      expect(target).toEqual(whole);
      await expect(file.readInto(name, new Uint8Array(whole.byteLength + 1))).rejects.toThrow(/was to fill/);
    }
    await file.close();
  });
});

describe('parseSafetensorsHeader', () => {
  it('parses a header of twenty thousand tensors in linear time', () => {
    const members = Array.from(
      { length: 20_000 },
      (_, i) => `"model.layers.${i}.weight":{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`,
    );
    const start = performance.now();
    expect(parseSafetensorsHeader(Buffer.from(`{${members.join(',')}}`), 'x').entries.size).toBe(20_000);
    // About 0.1 s on an idle machine; anything quadratic takes minutes.
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
