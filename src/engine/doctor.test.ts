import { expect, test } from 'vitest';
import { programFolder, temporaryFolder } from '../../test/engine/fixtures/folders.ts';
import { doctor } from './doctor.ts';

test('a bare machine: each missing thing is a failure with advice, and nothing is thrown', async () => {
  const report = await doctor({
    cacheRoot: temporaryFolder(),
    env: { PATH: programFolder({}) },
    nodeVersion: '18.20.0',
  });
  const states = Object.fromEntries(report.checks.map((check) => [check.name, check.state]));
  expect(states).toMatchObject({
    node: 'fail',
    python: 'fail',
    compiler: 'fail',
    engine: 'warn',
    cache: 'ok',
  });
  expect(report.state).toBe('fail');
  for (const check of report.checks) expect(check.advice === undefined).toBe(check.state === 'ok');
});

test('another platform is a failure that names the way out', async () => {
  const machine = { platform: 'darwin', arch: 'arm64', glibc: undefined } as const;
  const { checks } = await doctor({ cacheRoot: temporaryFolder(), env: process.env, machine });
  expect(checks.find((check) => check.name === 'platform')).toMatchObject({
    state: 'fail',
    found: 'Native TensorFlow cannot be set up on darwin-arm64.',
    advice: expect.stringContaining('--native-dir') as string,
  });
});

test('an NVIDIA driver older than CUDA 12 needs is a failure', async () => {
  const PATH = programFolder({ 'nvidia-smi': 'echo "Tesla T4, 15360, 470.82.01"' });
  const { checks } = await doctor({ cacheRoot: temporaryFolder(), env: { PATH }, variant: 'cpu' });
  expect(checks.find((check) => check.name === 'gpu')).toMatchObject({
    state: 'fail',
    found: 'Tesla T4 (16.1 GB, driver 470.82.01)',
  });
});

test('a folder without an addon given as --native-dir is a failure', async () => {
  const { checks } = await doctor({ nativeDir: temporaryFolder(), env: process.env });
  expect(checks.find((check) => check.name === 'engine')).toMatchObject({ state: 'fail' });
});
