import { spawnSync } from 'node:child_process';
import { cpSync, linkSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { node24 } from '../support/node24.ts';
import { ADDON_FILE } from '../../src/engine/addon.ts';
import { doctor } from '../../src/engine/doctor.ts';
import { findDamage, readRecord } from '../../src/engine/engine-record.ts';
import { probeEngine } from '../../src/engine/probe.ts';
import type { EngineFolder, SetupOptions } from '../../src/engine/setup.ts';
import { setupEngine } from '../../src/engine/setup.ts';
import { silentProgress } from '../../src/progress.ts';
import { programFolder, temporaryFolder } from './fixtures/folders.ts';
import { PYTHON } from './fixtures/wheels.ts';

const ENTRY = fileURLToPath(new URL('fixtures/bundle-entry.ts', import.meta.url));
const NODE_24 = await node24();
const options: SetupOptions = { variant: 'cpu', env: process.env, progress: silentProgress };

describe('set-up that cannot work stops before the first download', () => {
  test('without a compiler', async () => {
    const cacheRoot = temporaryFolder();
    const PATH = programFolder({ python3: `exec ${PYTHON} "$@"` });
    await expect(setupEngine({ ...options, cacheRoot, env: { PATH } })).rejects.toMatchObject({
      code: 'engine-compiler',
    });
    expect(readdirSync(join(cacheRoot, 'engine'))).toEqual([]);
  });

  test('without pip', async () => {
    const cacheRoot = temporaryFolder();
    const PATH = programFolder({ 'g++': 'echo g++ 12', python3: `exec ${PYTHON} -I -S "$@"` });
    await expect(setupEngine({ ...options, cacheRoot, env: { PATH } })).rejects.toMatchObject({
      code: 'engine-pip',
    });
    expect(readdirSync(join(cacheRoot, 'engine'))).toEqual([]);
  });

  test('on another platform', async () => {
    const machine = { platform: 'win32', arch: 'x64', glibc: undefined } as const;
    const cacheRoot = temporaryFolder();
    await expect(setupEngine({ ...options, cacheRoot, machine })).rejects.toMatchObject({
      code: 'engine-platform',
    });
    expect(readdirSync(cacheRoot)).toEqual([]);
  });
});

describe('the composed engine', () => {
  let engine: EngineFolder;
  // The one real composition of the test suite: in the ordinary cache, so it is done once for all runs.
  beforeAll(async () => {
    engine = await setupEngine(options);
  }, 1_800_000);

  test('computes with the pinned TensorFlow', async () => {
    expect(await probeEngine({ addonPath: engine.addonPath, env: process.env })).toMatchObject({
      state: 'correct',
      tensorflowVersion: '2.21.0',
    });
  });

  test('holds libraries, addons, notices and its own description, and no headers', async () => {
    expect(readdirSync(engine.folder).sort()).toEqual([
      'engine.json',
      'library_start.node',
      'tensorflow',
      'tfjs_binding.node',
    ]);
    expect(readdirSync(join(engine.folder, 'tensorflow')).sort()).toEqual([
      'THIRD_PARTY_NOTICES.txt',
      'libtensorflow_cc.so.2',
      'libtensorflow_framework.so.2',
    ]);
    expect(await readRecord(engine.folder)).toMatchObject({ tensorflow: '2.21.0', variant: 'cpu' });
  });

  test('is found at once the second time, without any program', async () => {
    const before = Date.now();
    const again = await setupEngine({ ...options, env: { ...process.env, PATH: '' } });
    expect(again).toMatchObject({ folder: engine.folder, origin: 'cache' });
    expect(Date.now() - before).toBeLessThan(5000);
  });

  test('can be given as --native-dir', async () => {
    expect(await setupEngine({ ...options, nativeDir: engine.folder })).toMatchObject({
      addonPath: engine.addonPath,
      origin: 'native-dir',
    });
  });

  test('works from any folder', async () => {
    const moved = copyOf(engine.folder);
    expect(await findDamage(moved)).toBeUndefined();
    const addonPath = join(moved, ADDON_FILE);
    expect(await probeEngine({ addonPath, env: process.env })).toMatchObject({ state: 'correct' });
  });

  test.each<[string, (folder: string) => void, RegExp]>([
    [
      'a missing library',
      (f) => {
        rmSync(join(f, 'tensorflow/libtensorflow_cc.so.2'));
      },
      /cc\.so\.2 is missing/,
    ],
    [
      'a cut library',
      (f) => {
        replace(join(f, 'tensorflow/libtensorflow_framework.so.2'), 'x');
      },
      /has 1 bytes instead/,
    ],
    [
      'another addon',
      (f) => {
        flipLastByte(join(f, ADDON_FILE));
      },
      /tfjs_binding\.node was changed/,
    ],
    [
      'no description',
      (f) => {
        rmSync(join(f, 'engine.json'));
      },
      /engine\.json is missing/,
    ],
  ])('%s is noticed', async (_what, damage, message) => {
    const copy = copyOf(engine.folder);
    damage(copy);
    expect(await findDamage(copy)).toMatch(message);
  });

  test('a library that is not there is named when loading', () => {
    const copy = copyOf(engine.folder);
    rmSync(join(copy, 'tensorflow/libtensorflow_cc.so.2'));
    expect(load(process.execPath, copy).stdout).toMatch(
      /^engine-load .*cannot be loaded: libtensorflow_cc\.so\.2: cannot open shared object file.*doctor/,
    );
  });

  test('the doctor finds nothing to complain about', async () => {
    const report = await doctor(options);
    const states = Object.fromEntries(report.checks.map((check) => [check.name, check.state]));
    expect(states).toMatchObject({ engine: 'ok', computation: 'ok', python: 'ok', compiler: 'ok' });
  });

  const answer = { same: true, tensorflow: '2.21.0', device: 'cpu', gradient: [7, 11, 9, 13], top: [3, 2] };

  test('loads in this Node', () => {
    const { stdout, stderr } = load(process.execPath, engine.folder);
    expect(JSON.parse(stdout)).toEqual({ ...answer, visibleGpus: '-1' });
    // Nothing of TensorFlow's own chatter.
    expect(stderr).toBe('');
  });

  test('loads in Node 24, which lacks what tfjs-node calls', () => {
    const { stdout, stderr } = load(NODE_24, engine.folder);
    expect(JSON.parse(stdout)).toEqual({ ...answer, visibleGpus: '-1' });
    expect(stderr).toBe('');
  });

  test('refuses the device cuda where it finds no GPU', () => {
    const { stdout, status } = load(process.execPath, engine.folder, 'cuda:1');
    expect(stdout).toMatch(/^engine-device Device cuda:1 was asked for, .*CUDA_VISIBLE_DEVICES=1\)\. Run/);
    expect(status).toBe(1);
  });
});

/** The same files under another path; the large ones as hard links where that works. */
function copyOf(folder: string): string {
  const copy = join(temporaryFolder(), 'engine');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = join(entry.parentPath, entry.name);
    const to = join(copy, from.slice(folder.length));
    mkdirSync(dirname(to), { recursive: true });
    try {
      linkSync(from, to);
    } catch {
      cpSync(from, to);
    }
  }
  return copy;
}

/** Writes a new file in place of the link, so that the original stays as it is. */
function replace(path: string, contents: string | Uint8Array): void {
  rmSync(path);
  writeFileSync(path, contents);
}

function flipLastByte(path: string): void {
  const contents = readFileSync(path);
  contents[contents.length - 1]! ^= 1;
  replace(path, contents);
}

function load(
  node: string,
  folder: string,
  device = 'cpu',
): { stdout: string; stderr: string; status: number | null } {
  // Without the settings that vitest's own process may have, and as chatty as TensorFlow is by default.
  const env = { PATH: process.env['PATH'] };
  return spawnSync(node, ['--import', 'tsx', ENTRY, join(folder, ADDON_FILE), device], {
    encoding: 'utf8',
    env,
  });
}
