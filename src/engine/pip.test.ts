import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { programFolder, temporaryFolder } from '../../test/engine/fixtures/folders.ts';
import { PYTHON, offlinePip, writeWheel } from '../../test/engine/fixtures/wheels.ts';
import { downloadWheel } from './pip.ts';

const python = { command: PYTHON, pipVersion: 'any' };
const MEMBERS = { 'library/a.txt': ['a', 0o644] } as const;

test('a wheel is fetched with what pip is configured for', async () => {
  const folder = temporaryFolder();
  const wheel = writeWheel(join(folder, 'index'), MEMBERS);
  const into = join(folder, 'into');
  const path = await downloadWheel(wheel, { python, env: offlinePip(join(folder, 'index')), into });
  expect(basename(path)).toBe(basename(wheel.path));
  expect(readdirSync(into)).toEqual([basename(wheel.path)]);
});

test('a file with another hash is refused and not kept', async () => {
  const folder = temporaryFolder();
  const wheel = { ...writeWheel(join(folder, 'index'), MEMBERS), sha256: '0'.repeat(64) };
  const into = join(folder, 'into');
  await expect(
    downloadWheel(wheel, { python, env: offlinePip(join(folder, 'index')), into }),
  ).rejects.toMatchObject({
    code: 'engine-hash',
    message: expect.stringMatching(/sha256 should be 0{64}, but .*nothing was kept\.$/) as string,
  });
  expect(readdirSync(into)).toEqual([]);
});

test('a file that pip let through with another hash is caught by our own check', async () => {
  const folder = temporaryFolder();
  const wheel = { ...writeWheel(join(folder, 'index'), MEMBERS), sha256: '0'.repeat(64) };
  const lax = programFolder({ python: `cp ${wheel.path} .` });
  await expect(
    downloadWheel(wheel, {
      python: { command: join(lax, 'python'), pipVersion: 'any' },
      env: process.env,
      into: join(folder, 'into'),
    }),
  ).rejects.toMatchObject({ code: 'engine-hash' });
});

test('an index without the package is told from a network that does not answer', async () => {
  const folder = temporaryFolder();
  const wheel = { ...writeWheel(join(folder, 'index'), MEMBERS), name: 'absent-library' };
  await expect(
    downloadWheel(wheel, { python, env: offlinePip(join(folder, 'index')), into: join(folder, 'into') }),
  ).rejects.toMatchObject({
    code: 'engine-download',
    message: expect.stringMatching(
      /No matching distribution found for absent-library==1\.0.*carries this file/,
    ) as string,
  });
});

test('a network that does not answer is a sentence with pip’s last line', async () => {
  const folder = temporaryFolder();
  const wheel = writeWheel(join(folder, 'index'), MEMBERS);
  const env = {
    ...process.env,
    PIP_CONFIG_FILE: '/dev/null',
    PIP_FIND_LINKS: '',
    // Port 9 of this machine: nothing listens there.
    PIP_INDEX_URL: 'http://127.0.0.1:9/simple',
    PIP_EXTRA_INDEX_URL: '',
    PIP_RETRIES: '1',
  };
  await expect(downloadWheel(wheel, { python, env, into: join(folder, 'into') })).rejects.toMatchObject({
    code: 'engine-download',
    message: expect.stringMatching(
      /^pip could not download little-library 1\.0: .*Check the network/,
    ) as string,
  });
});

test('a full disk is named', async () => {
  const folder = temporaryFolder();
  const wheel = writeWheel(join(folder, 'index'), MEMBERS);
  const full = programFolder({
    python:
      'echo "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device" >&2; exit 1',
  });
  await expect(
    downloadWheel(wheel, {
      python: { command: join(full, 'python'), pipVersion: 'any' },
      env: process.env,
      into: join(folder, 'into'),
    }),
  ).rejects.toMatchObject({ code: 'engine-disk' });
});
