import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openTokenFile } from './token-file.ts';
import { createTokenWriter } from './token-writer.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'token-file-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

describe('openTokenFile', () => {
  it('reads what numpy wrote as little-endian uint16', async () => {
    const path = await fileOf('u16.bin', Uint8Array.of(1, 0, 0, 1, 0xff, 0xfe, 5, 0));
    const file = await openTokenFile(path, { vocabularySize: 65_535 });
    expect(file.tokens).toBe(4);
    expect([...(await file.readTokens(0, 4))]).toEqual([1, 256, 0xfeff, 5]);
    expect([...(await file.readTokens(1, 2))]).toEqual([256, 0xfeff]);
    await file.close();
  });

  it('reads uint32 for a vocabulary above 65535', async () => {
    const path = await fileOf('u32.bin', Uint8Array.of(1, 0, 1, 0, 2, 0, 0, 0));
    const file = await openTokenFile(path, { vocabularySize: 65_538 });
    expect([...(await file.readTokens(0, 2))]).toEqual([65_537, 2]);
    await file.close();
  });

  it.each([
    ['odd.bin', Uint8Array.of(1, 0, 3), /odd\.bin has 3 bytes, not a multiple of the 2/],
    ['empty.bin', Uint8Array.of(), /empty\.bin is empty/],
  ])('refuses %s', async (name, bytes, message) => {
    await expect(openTokenFile(await fileOf(name, bytes), { vocabularySize: 100 })).rejects.toThrow(message);
  });

  it('refuses a file that is not there, and a folder', async () => {
    await expect(openTokenFile(join(folder, 'none.bin'), { vocabularySize: 100 })).rejects.toThrow(/no token file/);
    await expect(openTokenFile(folder, { vocabularySize: 100 })).rejects.toThrow(/is not a file/);
  });

  it('names file, position, value and vocabulary of an id too large', async () => {
    const path = await fileOf('large.bin', Uint8Array.of(1, 0, 2, 0, 100, 0, 3, 0));
    const file = await openTokenFile(path, { vocabularySize: 100 });
    await expect(file.readTokens(1, 3)).rejects.toThrow(/large\.bin: token 2 is 100, and the vocabulary has 100 ids/);
    expect([...(await file.readTokens(0, 2))]).toEqual([1, 2]);
    await file.close();
  });

  it('refuses to read past the end', async () => {
    const file = await openTokenFile(await fileOf('short.bin', Uint8Array.of(1, 0)), { vocabularySize: 100 });
    await expect(file.readTokens(0, 2)).rejects.toThrow(/tokens 0 to 1 were asked for and the file has 1/);
    await file.close();
  });
});

describe('createTokenWriter', () => {
  it.each([1000, 100_000])('writes what is read back, vocabulary %d', async (vocabularySize) => {
    const path = join(folder, `written-${String(vocabularySize)}.bin`);
    const ids = Int32Array.from({ length: 150_000 }, (_, i) => (i * 7919) % vocabularySize);
    const writer = await createTokenWriter(path, { vocabularySize });
    await writer.write(ids.subarray(0, 70_000));
    expect(await readdir(folder)).not.toContain(`written-${String(vocabularySize)}.bin`);
    await writer.write(ids.subarray(70_000));
    const { tokens, sha256 } = await writer.finish();
    await writer.abort();
    expect(tokens).toBe(150_000);
    expect(sha256).toBe(createHash('sha256').update(await readFile(path)).digest('hex'));
    const file = await openTokenFile(path, { vocabularySize });
    expect(await file.readTokens(0, file.tokens)).toEqual(ids);
    await file.close();
  });

  it('leaves nothing behind when it is aborted, and refuses ids outside the vocabulary', async () => {
    const writer = await createTokenWriter(join(folder, 'aborted.bin'), { vocabularySize: 10 });
    await expect(writer.write([3, 10])).rejects.toThrow(/id 10 was to be written as token 1/);
    await writer.abort();
    expect((await readdir(folder)).filter((name) => name.startsWith('aborted'))).toEqual([]);
  });
});
