import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { programFolder, temporaryFolder } from '../../test/engine/fixtures/folders.ts';
import { buildAddon } from './addon.ts';
import { findCompiler } from './compiler.ts';

/** An engine folder without TensorFlow in it, and these sources. */
function emptyFolder(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'tensorflow/include'), { recursive: true });
  return folder;
}

test('what the compiler complains about first is in the message', async () => {
  const folder = emptyFolder();
  const compiler = await findCompiler(process.env);
  const sources = { packageFolder: folder, nodeHeaders: folder };
  await expect(buildAddon({ compiler, sources, folder, env: process.env })).rejects.toMatchObject({
    code: 'engine-compile',
    message: expect.stringMatching(/could not build .*tfjs_backend\.cc: No such file/) as string,
  });
});

test('a compiler that is killed is said to be', async () => {
  const folder = emptyFolder();
  const compiler = { command: join(programFolder({ 'g++': 'kill -9 $$' }), 'g++'), version: 'g++ 12' };
  const sources = { packageFolder: folder, nodeHeaders: folder };
  await expect(buildAddon({ compiler, sources, folder, env: process.env })).rejects.toMatchObject({
    code: 'engine-compile',
    message: expect.stringContaining('killed by SIGKILL; it may have run out of memory') as string,
  });
});
