import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { byteLength } from './dtype.ts';
import { openSafetensors } from './safetensors-file.ts';
import { createSafetensors } from './safetensors-writer.ts';

const reference = fileURLToPath(
  new URL('../../test/fixtures/weights/crate-layout.safetensors', import.meta.url),
);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'writer-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('writes byte for byte the file that the reference crate writes, whatever order the tensors come in', async () => {
  const source = await openSafetensors(reference);
  const specs = [...source.entries.values()].map(({ spec }) => spec).reverse();
  const writer = await createSafetensors(join(folder, 'out.safetensors'), specs);
  for (const { name } of writer.order) await writer.write(name, source.chunks(name, 8));
  await writer.finish();
  await source.close();
  expect((await readFile(join(folder, 'out.safetensors'))).equals(await readFile(reference))).toBe(true);
  expect(await readdir(folder)).toEqual(['out.safetensors']);
});

it('leaves nothing behind when it is aborted', async () => {
  const specs = [{ name: 'a', dtype: 'F32', shape: [2] }] as const;
  const writer = await createSafetensors(join(folder, 'out.safetensors'), specs);
  await writer.write('a', new Uint8Array(8));
  await writer.abort();
  expect(await readdir(folder)).toEqual([]);
});

it.each([
  [7, 'came with 7 bytes'],
  [9, 'came with more than 8 bytes'],
])('refuses %i bytes for a tensor of 8', async (length, sentence) => {
  const specs = [{ name: 'a', dtype: 'F32', shape: [2] }] as const;
  const writer = await createSafetensors(join(folder, 'out.safetensors'), specs);
  await expect(writer.write('a', new Uint8Array(length))).rejects.toThrow(sentence);
  await writer.abort();
});

it('refuses a finish with a tensor missing', async () => {
  const writer = await createSafetensors(join(folder, 'o'), [{ name: 'a', dtype: 'U8', shape: [1] }]);
  await expect(writer.finish()).rejects.toThrow('only 0 of 1 tensors');
  await writer.abort();
});

it('says in one sentence that a folder is not there', async () => {
  await expect(createSafetensors(join(folder, 'no', 'o'), [])).rejects.toThrow(
    /could not be written: it does not exist/,
  );
});

it('writes what the reader reads back, for any names, types and shapes', async () => {
  const spec = fc.record({
    name: fc
      .string({ unit: 'binary', maxLength: 12 })
      .filter((name) => name !== '__metadata__' && !/\p{Surrogate}/u.test(name)),
    dtype: fc.constantFrom('F64', 'F32', 'F16', 'BF16', 'I64', 'I32', 'I16', 'I8', 'U8', 'BOOL' as const),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
  });
  const specs = fc.uniqueArray(spec, { selector: ({ name }) => name, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(specs, async (list) => {
      const path = join(folder, 'any.safetensors');
      const writer = await createSafetensors(path, list);
      const contents = new Map<string, Buffer>();
      for (const { name, dtype, shape } of writer.order) {
        contents.set(name, randomBytes(byteLength(dtype, shape)));
        await writer.write(name, contents.get(name)!);
      }
      await writer.finish();
      const file = await openSafetensors(path);
      expect(new Map([...file.entries].map(([name, entry]) => [name, entry.spec]))).toEqual(
        new Map(list.map((entry) => [entry.name, entry])),
      );
      for (const [name, bytes] of contents) expect(bytes.equals(await file.read(name))).toBe(true);
      await file.close();
    }),
    { numRuns: 100 },
  );
});
