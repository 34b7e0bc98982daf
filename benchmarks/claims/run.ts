/**
 * The paper's claim at miniature scale, with seeds: blocks inherited from a trained model against the same size from
 * random weights, at every validated step, and against the full model.
 *
 *   npm run bench:claims                      writes benchmarks/results/claims.{md,json}
 *   npm run bench:claims -- --seeds 1,2,3,4 --steps 400 --out FOLDER
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createProgress } from '../../src/cli/progress/create-progress.ts';
import { runCli } from '../../src/cli/cli.ts';
import { silentProgress } from '../../src/progress.ts';
import type { GrowthResult } from '../../src/run/growth-report.ts';
import { readTrainLog } from '../../src/train/train-log.ts';
import { claimsOf, renderClaims } from './claims.ts';
import type { SeedResult } from './claims.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    steps: { type: 'string', default: '120' },
    recipe: { type: 'string', default: 'recipes/mini-growth.yml' },
    out: { type: 'string', default: 'benchmarks/results' },
  },
});
const steps = Number(values.steps);
const seeds = values.seeds.split(',').map(Number);
const work = await mkdtemp(join(tmpdir(), 'inheritune-claims-'));
const results: SeedResult[] = [];
for (const seed of seeds) {
  const folder = join(work, `seed-${seed}`);
  const sets = [`train.seed=${seed}`, `reference.seed=${seed}`, `train.steps=${steps}`, 'grow.rounds=1'];
  await grow(folder, [...sets, `train.validateEvery=${Math.max(1, Math.floor(steps / 6))}`]);
  const { models } = JSON.parse(await readFile(join(folder, 'growth.json'), 'utf8')) as GrowthResult;
  const curve = async (name: string): Promise<{ step: number; lossNats: number }[]> =>
    (await readTrainLog(join(folder, name.replaceAll(' ', '-')))).flatMap(({ step, validationLoss }) =>
      validationLoss === undefined ? [] : [{ step, lossNats: validationLoss }],
    );
  const target = models.find(({ name }) => name.startsWith('target'))!;
  results.push({
    seed,
    reference: await curve('reference'),
    inherited: await curve(target.name),
    scratch: await curve('scratch'),
  });
}
const claims = claimsOf(results);
const command = `npm run bench:claims -- --seeds ${values.seeds} --steps ${steps}`;
await mkdir(join(ROOT, values.out), { recursive: true });
await writeFile(
  join(ROOT, values.out, 'claims.json'),
  `${JSON.stringify({ command, recipe: values.recipe, claims, results }, null, 2)}\n`,
);
await writeFile(
  join(ROOT, values.out, 'claims.md'),
  renderClaims(claims, { command, recipe: values.recipe }),
);
await rm(work, { recursive: true, force: true });
process.stdout.write(renderClaims(claims, { command, recipe: values.recipe }));
process.exit(0);

/** As a person would type it, but in this process: TensorFlow is loaded once. */
async function grow(folder: string, sets: readonly string[]): Promise<void> {
  const args = ['grow', values.recipe, '--out', folder, '--device', 'cpu', '--set', ...sets];
  const code = await runCli(args, {
    ...{ cwd: ROOT, env: process.env, home: homedir(), silentProgress, version: 'benchmark' },
    print: () => undefined,
    printError: (text) => process.stderr.write(`${text}\n`),
    progress: createProgress({ stream: process.stderr, isTty: false, now: () => performance.now() }),
    signal: new AbortController().signal,
  });
  if (code !== 0) process.exit(code);
}
