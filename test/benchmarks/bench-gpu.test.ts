import { execaNode } from 'execa';
import { expect, test } from 'vitest';
import { inRepository } from '../support/repository.ts';
import { smallRecipe, temporaryFolder, writeRecipe } from '../train/train-process.ts';

const bench = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  execaNode(inRepository('benchmarks/gpu/main.ts'), args, {
    ...{ nodeOptions: ['--import', 'tsx'], cwd: inRepository(''), env, reject: false, stdin: 'ignore' },
  });

test('without a GPU bench:gpu says so in one sentence, and exits with 1', async () => {
  const { exitCode, stderr, stdout } = await bench([], { PATH: '/no-such-folder' });
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^No NVIDIA GPU was found on this machine .* --device cpu runs the same steps.*\.$/);
  expect(exitCode).toBe(1);
});

test('bench:gpu runs a recipe on a CPU: tokens a second, FLOP a token, and utilisation', async () => {
  const folder = await temporaryFolder();
  const recipe = await writeRecipe(folder, smallRecipe({ steps: 1 }));
  const { exitCode, stdout } = await bench([recipe, '--device', 'cpu', '--steps', '2', '--warmup', '1']);
  expect(exitCode).toBe(0);
  const row = stdout.split('\n').find((line) => line.includes(recipe));
  expect(row).toMatch(/\| float32\s+\| none\s+\|\s+[\d.e+]+ \|\s+[\d.e-]+ \|\s+[\d.]+ % \|\s+\d\.\d{3} \|$/);
});
