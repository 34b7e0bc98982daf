import { existsSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/engine/fixtures/folders.ts';
import { writeWheel } from '../../test/engine/fixtures/wheels.ts';
import { unpackWheel } from './unpack-wheel.ts';

test('only the wanted members are unpacked, under their own paths', async () => {
  const folder = temporaryFolder();
  const { path } = writeWheel(folder, {
    'nvidia/cublas/lib/libcublas.so.12': ['library', 0o644],
    'nvidia/cublas/include/cublas.h': ['header', 0o644],
    'nvidia/cublas/lib/deep/libother.so': ['other', 0o644],
  });
  const unpacked = await unpackWheel(path, ['nvidia/*/lib/*.so*'], join(folder, 'into'));
  expect(unpacked).toEqual(['nvidia/cublas/lib/libcublas.so.12']);
  expect(readFileSync(join(folder, 'into/nvidia/cublas/lib/libcublas.so.12'), 'utf8')).toBe('library');
  expect(existsSync(join(folder, 'into/nvidia/cublas/include'))).toBe(false);
});

test('two stars reach into folders', async () => {
  const folder = temporaryFolder();
  const { path } = writeWheel(folder, { 'a/b/c.h': ['', 0o644], 'a/d.h': ['', 0o644] });
  expect(await unpackWheel(path, ['a/**'], join(folder, 'into'))).toEqual(['a/b/c.h', 'a/d.h']);
});

test('a program stays executable', async () => {
  const folder = temporaryFolder();
  const { path } = writeWheel(folder, { 'bin/ptxas': ['#!/bin/sh', 0o100755] });
  await unpackWheel(path, ['bin/ptxas'], join(folder, 'into'));
  expect(statSync(join(folder, 'into/bin/ptxas')).mode & 0o111).not.toBe(0);
});

test('a member that is not there is an error', async () => {
  const folder = temporaryFolder();
  const { path } = writeWheel(folder, { 'a.txt': ['a', 0o644] });
  await expect(unpackWheel(path, ['a.txt', 'b.txt'], join(folder, 'into'))).rejects.toMatchObject({
    code: 'engine-archive',
    message: expect.stringContaining('holds no b.txt') as string,
  });
});

test.each([
  ['a name that climbs out', { '../evil.txt': ['evil', 0o644] }],
  ['a symbolic link', { 'link.txt': ['/etc/passwd', 0o120777] }],
] as const)('%s is refused', async (_what, members) => {
  const folder = temporaryFolder();
  const { path } = writeWheel(join(folder, 'index'), members);
  await expect(unpackWheel(path, ['**'], join(folder, 'index/into'))).rejects.toMatchObject({
    code: 'engine-archive',
  });
  expect(existsSync(join(folder, 'index/evil.txt'))).toBe(false);
});

test('a truncated file is an error that says what to do', async () => {
  const folder = temporaryFolder();
  const { path, bytes } = writeWheel(folder, { 'a.txt': ['a', 0o644] });
  truncateSync(path, bytes - 30);
  await expect(unpackWheel(path, ['a.txt'], join(folder, 'into'))).rejects.toMatchObject({
    code: 'engine-archive',
    message: expect.stringContaining('pip cache purge') as string,
  });
});
