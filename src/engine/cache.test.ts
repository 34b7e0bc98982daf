import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/engine/fixtures/folders.ts';
import { silentProgress } from '../progress.ts';
import { cacheRootFolder, composeFolder } from './cache.ts';

const PROGRAM = fileURLToPath(new URL('../../test/engine/fixtures/compose-program.ts', import.meta.url));
const options = { progress: silentProgress, staleLockMs: 2000 };
const isWhole = (folder: string): Promise<boolean> => Promise.resolve(existsSync(join(folder, 'whole')));
const composeWhole = (folder: string): Promise<void> => {
  writeFileSync(join(folder, 'whole'), 'whole');
  return Promise.resolve();
};

test.each([
  [{ cacheRoot: '/a', env: { RUNNER_TOOL_CACHE: '/b' } }, '/a'],
  [{ env: { RUNNER_TOOL_CACHE: '/b' } }, '/b/inheritune'],
])('the cache of %o is %s', (where, folder) => {
  expect(cacheRootFolder(where)).toBe(folder);
});

test('the user’s cache folder is the last resort', () => {
  expect(cacheRootFolder({ env: {} })).toMatch(/inheritune$/);
});

test('a folder is composed once and then found', async () => {
  const folder = join(temporaryFolder(), 'deep', 'engine');
  expect(await composeFolder(folder, isWhole, composeWhole, options)).toBe('composed');
  expect(await composeFolder(folder, isWhole, composeWhole, options)).toBe('found');
  expect(readdirSync(join(folder, '..'))).toEqual(['engine']);
});

test('a folder that is no longer right is replaced as a whole', async () => {
  const folder = join(temporaryFolder(), 'engine');
  mkdirSync(folder);
  writeFileSync(join(folder, 'damaged'), '');
  await composeFolder(folder, isWhole, composeWhole, options);
  expect(readdirSync(folder)).toEqual(['whole']);
});

test('a failure leaves nothing behind', async () => {
  const folder = join(temporaryFolder(), 'engine');
  const compose = async (temporary: string): Promise<void> => {
    await composeWhole(temporary);
    throw new Error('no compiler');
  };
  await expect(composeFolder(folder, isWhole, compose, options)).rejects.toThrow('no compiler');
  expect(readdirSync(join(folder, '..'))).toEqual([]);
});

test('what a killed process left is removed, and its lock does not hold for ever', async () => {
  const folder = join(temporaryFolder(), 'engine');
  const child = start(folder, 'hang');
  await once(child.stdout!, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(existsSync(folder)).toBe(false);
  expect(readdirSync(join(folder, '..')).sort()).toEqual(['engine.lock', `engine.tmp-${child.pid}`]);
  expect(await composeFolder(folder, isWhole, composeWhole, options)).toBe('composed');
  expect(readdirSync(join(folder, '..'))).toEqual(['engine']);
  expect(readdirSync(folder)).toEqual(['whole']);
});

test('what a killed process of an older version left is removed too, a living one’s is not', async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'old.tmp-1'));
  const living = start(join(root, 'other'), 'hang');
  await once(living.stdout!, 'data');
  await composeFolder(join(root, 'engine'), isWhole, composeWhole, options);
  expect(readdirSync(root).sort()).toEqual(['engine', 'other.lock', `other.tmp-${living.pid}`]);
  living.kill('SIGKILL');
  await once(living, 'exit');
});

test('a disk that is full is named', async () => {
  const folder = join(temporaryFolder(), 'engine');
  // The device on which every write fails with ENOSPC.
  const compose = (): Promise<void> => writeFile('/dev/full', 'x');
  await expect(composeFolder(folder, isWhole, compose, options)).rejects.toMatchObject({
    code: 'engine-disk',
  });
});

test('of two processes one composes and the other finds', async () => {
  const folder = join(temporaryFolder(), 'engine');
  const outputs = await Promise.all([start(folder, 'slow'), start(folder, 'slow')].map(output));
  expect(outputs.sort()).toEqual(['found', 'half-way composed']);
  expect(readFileSync(`${folder}.log`, 'utf8')).toBe('composed\n');
});

test('a cache that cannot be written is a sentence', async () => {
  const root = temporaryFolder();
  chmodSync(root, 0o555);
  // Permissions mean nothing to root: the program becomes another user first.
  const child = start(join(root, 'engine'), 'slow', ...(process.getuid?.() === 0 ? ['65534'] : []));
  expect(await output(child)).toMatch(
    /^engine-cache The cache folder .* cannot be written \(EACCES\)\. Make it writable, or choose another/,
  );
  expect(child.exitCode).toBe(1);
});

test('a folder that is there is used even where nothing can be written', async () => {
  const folder = join(temporaryFolder(), 'engine');
  mkdirSync(folder);
  await composeWhole(folder);
  chmodSync(join(folder, '..'), 0o555);
  const child = start(folder, 'slow', ...(process.getuid?.() === 0 ? ['65534'] : []));
  expect(await output(child)).toBe('found');
});

function start(folder: string, how: string, ...user: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', PROGRAM, folder, how, ...user], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function output(child: ChildProcess): Promise<string> {
  const lines: string[] = [];
  child.stdout!.setEncoding('utf8').on('data', (text: string) => lines.push(text.trim()));
  await once(child, 'close');
  return lines.join(' ');
}
