import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/engine/fixtures/folders.ts';
import { describeProbe, probeEngine } from './probe.ts';

/** Something that is loaded in place of the addon. */
function addon(source: string): string {
  const path = join(temporaryFolder(), 'addon.cjs');
  writeFileSync(path, source);
  return path;
}

test('a crash while loading is told from an error', async () => {
  const addonPath = addon('process.kill(process.pid, "SIGSEGV"); for (;;);');
  const result = await probeEngine({ addonPath, env: process.env });
  expect(result).toMatchObject({ state: 'crashed', signal: 'SIGSEGV' });
  expect(describeProbe(result)).toMatch(/^it crashed with SIGSEGV/);
});

test('an addon that cannot be loaded says why', async () => {
  const addonPath = addon('throw new Error("libtensorflow_cc.so.2: cannot open shared object file");');
  const result = await probeEngine({ addonPath, env: process.env });
  expect(result).toEqual({
    state: 'failed',
    reason: 'libtensorflow_cc.so.2: cannot open shared object file',
  });
});

test('a hang ends after the time limit', async () => {
  const result = await probeEngine({ addonPath: addon('for (;;);'), env: process.env, timeoutMs: 1000 });
  expect(result).toEqual({ state: 'hung', afterMs: 1000 });
});

test('wrong numbers are not taken for right ones', async () => {
  const addonPath = addon(`module.exports = { createTensor: () => 0, executeOp: () => [{ id: 0 }],
    tensorDataSync: () => new Float32Array([19, 22, 43, 51]), isUsingGpuDevice: () => false };`);
  const result = await probeEngine({ addonPath, env: process.env });
  expect(describeProbe(result)).toBe('a matrix product came out as 19, 22, 43, 51 instead of 19, 22, 43, 50');
});
