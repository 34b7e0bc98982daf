import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { silentProgress } from '../progress.ts';
import { loadTokenizer } from './json-tokenizer.ts';
import { prepareTokens } from './prepare.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

// Outside the repository, so that neither node_modules nor sources are found from there.
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'token-worker-'));
  const build = `
    import { bundle } from ${JSON.stringify(new URL('../../scripts/build.mjs', import.meta.url).href)};
    const entries = [['src/cli/main.ts', 'cli/main.js'], ['test/fixtures/data/prepare-program.ts', 'data/prepare-program.js']];
    const files = await bundle(${JSON.stringify(ROOT)}, entries.map(([source, output]) => ({ source, output })));
    process.stdout.write(JSON.stringify([...files].map(([name, bytes]) => [name, bytes.toString('utf8')])));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', build], { maxBuffer: 2 ** 28 });
  for (const [name, text] of JSON.parse(stdout) as [string, string][]) {
    await mkdir(dirname(join(folder, 'dist', name)), { recursive: true });
    await writeFile(join(folder, 'dist', name), text);
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const lines = Array.from({ length: 9000 }, (_, i) => `Line ${String(i)} of ${'some text '.repeat(1 + (i % 25))}.`);
  await writeFile(join(folder, 'text.txt'), lines.join('\n\n'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('workers of the bundle', () => {
  it('run from its one file: the same bytes as without workers, and no second command line', async () => {
    const tokenizerJson = join(ROOT, 'test/fixtures/data/smollm-like.tokenizer.json');
    const tokenizerFolder = join(folder, 'tokenizer');
    await mkdir(tokenizerFolder);
    await writeFile(join(tokenizerFolder, 'tokenizer.json'), await readFile(tokenizerJson));
    await writeFile(join(tokenizerFolder, 'tokenizer_config.json'), '{"eos_token":"<|endoftext|>"}');
    const recipe = {
      reference: { model: join(ROOT, 'test/fixtures/models/small-run') },
      data: {
        sources: [{ path: 'text.txt', documents: 'paragraph' }],
        ...{ tokenizer: 'tokenizer', subsetTokens: 200_000, validationTokens: 1000, shardTokens: 60_000 },
      },
    };
    await writeFile(join(folder, 'recipe.yml'), JSON.stringify(recipe));
    const { stdout } = await run(process.execPath, ['dist/cli/main.js', 'prepare', 'recipe.yml', '--out', 'out'], { cwd: folder });
    expect(stdout.match(/200000 training tokens/g)).toHaveLength(1);
    const manifest = JSON.parse(await readFile(join(folder, 'out', 'manifest.json'), 'utf8')) as {
      train: { shards: unknown[] };
    };
    const alone = await prepareTokens({
      sources: [{ path: join(folder, 'text.txt'), documents: 'paragraph' }],
      tokenizer: loadTokenizer({
        tokenizerJson: await readFile(tokenizerJson),
        tokenizerConfig: new TextEncoder().encode('{"eos_token":"<|endoftext|>"}'),
      }),
      ...{ subsetTokens: 200_000, validationTokens: 1000, shardTokens: 60_000, seed: 1337, workers: 0 },
      ...{ outFolder: join(folder, 'alone'), progress: silentProgress },
    });
    expect(manifest.train.shards).toHaveLength(4);
    expect(manifest).toEqual(alone);
  });

  it('start as many threads as asked for', async () => {
    const options = {
      sources: [{ path: join(folder, 'text.txt'), documents: 'line' }],
      ...{ validationTokens: 0, seed: 1, workers: 2, outFolder: join(folder, 'counted') },
    };
    const count = `
      import workers from 'node:worker_threads';
      import { syncBuiltinESMExports } from 'node:module';
      let started = 0;
      const { Worker } = workers;
      workers.Worker = class extends Worker { constructor(...given) { super(...given); started += 1; } };
      syncBuiltinESMExports();
      process.argv[2] = ${JSON.stringify(JSON.stringify(options))};
      await import('./dist/data/prepare-program.js');
      process.stdout.write('threads ' + started);`;
    await mkdir(join(folder, 'dist', 'data'), { recursive: true });
    for (const name of ['smollm-like.tokenizer.json']) {
      await writeFile(join(folder, 'dist', 'data', name), await readFile(join(ROOT, 'test/fixtures/data', name)));
    }
    await writeFile(join(folder, 'count.mjs'), count);
    const { stdout } = await run(process.execPath, ['count.mjs', 'x'], { cwd: folder });
    expect(stdout).toMatch(/^started\ndone\nthreads 2$/);
  });
});
