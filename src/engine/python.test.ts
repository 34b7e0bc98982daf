import { expect, test } from 'vitest';
import { programFolder } from '../../test/engine/fixtures/folders.ts';
import { PYTHON } from '../../test/engine/fixtures/wheels.ts';
import { findPython } from './python.ts';

test('the first Python with a working pip is taken', async () => {
  const PATH = programFolder({ python3: `exec ${PYTHON} -I -S "$@"`, python: `exec ${PYTHON} "$@"` });
  expect(await findPython({ env: { PATH } })).toMatchObject({ command: 'python' });
});

test('no Python in PATH is a sentence', async () => {
  await expect(findPython({ env: { PATH: programFolder({}) } })).rejects.toMatchObject({
    code: 'engine-python',
    message: expect.stringMatching(
      /^No Python 3 was found as python3 or python\. Install Python 3/,
    ) as string,
  });
});

test('a Python without pip is a sentence with its own words', async () => {
  const PATH = programFolder({ python3: `exec ${PYTHON} -I -S "$@"` });
  await expect(findPython({ env: { PATH } })).rejects.toMatchObject({
    code: 'engine-pip',
    message: expect.stringMatching(
      /^python3 has no working pip .*No module named pip\)\. Install pip/,
    ) as string,
  });
});

test('Python 2 does not count', async () => {
  const PATH = programFolder({ python: 'echo "pip 20.3.4 from /usr/lib/pip (python 2.7)"' });
  await expect(findPython({ env: { PATH } })).rejects.toMatchObject({ code: 'engine-pip' });
});

test('an interpreter that is named is the only one tried', async () => {
  const PATH = programFolder({ python3: `exec ${PYTHON} "$@"` });
  await expect(findPython({ python: '/no/such/python', env: { PATH } })).rejects.toMatchObject({
    code: 'engine-python',
    message: expect.stringContaining('as /no/such/python') as string,
  });
});
