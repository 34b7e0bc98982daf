import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { node24 } from '../support/node24.ts';
import { setupEngine } from '../../src/engine/setup.ts';
import { silentProgress } from '../../src/progress.ts';

const PROGRAM = fileURLToPath(new URL('fixtures/bundle-program.mjs', import.meta.url));
const NODE_24 = await node24();

// Outside the repository, so that no node_modules is found from there.
const parent = mkdtempSync(join(tmpdir(), 'inheritune-bundle-'));
const dist = join(parent, 'dist');
const build = (): string => execFileSync(process.execPath, [PROGRAM, dist], { encoding: 'utf8' }).trim();

beforeAll(() => {
  build();
  writeFileSync(join(parent, 'package.json'), '{ "type": "module" }');
});
afterAll(() => {
  rmSync(parent, { recursive: true });
});

test.each([
  ['this Node', process.execPath],
  ['Node 24', NODE_24],
])('the bundle loads the engine by itself in %s', async (_name, node) => {
  if (!existsSync(node)) return;
  const { addonPath } = await setupEngine({ variant: 'cpu', env: process.env, progress: silentProgress });
  const stdout = execFileSync(node, [join(dist, 'cli/main.js'), addonPath], {
    encoding: 'utf8',
    cwd: parent,
  });
  expect(JSON.parse(stdout)).toMatchObject({ same: true, gradient: [7, 11, 9, 13], top: [3, 2] });
});

test('the command starts with a shebang', () => {
  expect(readFileSync(join(dist, 'cli/main.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test('the licences of what is bundled are collected', () => {
  const licences = readFileSync(join(dist, 'LICENSES.txt'), 'utf8');
  expect(licences).toMatch(/^@tensorflow\/tfjs-node-gpu 4\.22\.0 \(Apache-2\.0\)$/m);
  expect(licences).toMatch(/^execa 9\.6\.1 \(MIT\)\n\nMIT License/m);
  expect(licences).toContain('Copyright 2018 Google LLC. All Rights Reserved.');
});

test('the same sources give the same bytes; a file that differs, is missing or left over is named', () => {
  expect(build()).toBe('the same');
  writeFileSync(join(dist, 'left.js'), '');
  expect(build()).toBe('left.js does not come from the sources');
  appendFileSync(join(dist, 'cli/main.js'), '//');
  expect(build()).toBe('cli/main.js is not what the sources give');
  rmSync(join(dist, 'LICENSES.txt'));
  expect(build()).toBe('LICENSES.txt is missing');
});
