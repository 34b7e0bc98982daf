import { expect, test } from 'vitest';
import { programFolder } from '../../test/engine/fixtures/folders.ts';
import { findCompiler } from './compiler.ts';

test('the first that answers is taken', async () => {
  const PATH = programFolder({ 'g++': 'exit 1', 'clang++': 'echo "clang version 18.1.3"; echo more' });
  expect(await findCompiler({ PATH })).toEqual({ command: 'clang++', version: 'clang version 18.1.3' });
});

test('CXX goes first', async () => {
  const PATH = programFolder({ 'g++': 'echo g++ 12', 'g++-14': 'echo g++ 14' });
  expect(await findCompiler({ PATH, CXX: 'g++-14' })).toMatchObject({ version: 'g++ 14' });
});

test('no compiler is one sentence and what to install', async () => {
  await expect(findCompiler({ PATH: programFolder({}) })).rejects.toMatchObject({
    code: 'engine-compiler',
    exitCode: 1,
    message: expect.stringMatching(/^No C\+\+ compiler was found .*apt-get install g\+\+/) as string,
  });
});
