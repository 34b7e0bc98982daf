/**
 * The paper's claim at miniature scale, with seeds: blocks inherited from a trained model against the same size from
 * random weights, at every validated step, and against the full model.
 *
 *   npm run bench:claims                      writes benchmarks/results/claims.{md,json}
 *   npm run bench:claims -- --seeds 1,2,3,4 --steps 400 --out FOLDER
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createProgress } from '../../src/cli/progress/create-progress.ts';
import { claimsOf, renderClaims } from './claims.ts';
import type { SeedResult } from './claims.ts';
import { measureSeed } from './measure-seed.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    steps: { type: 'string', default: '120' },
    recipe: { type: 'string', default: 'recipes/mini-growth.yml' },
    out: { type: 'string', default: 'benchmarks/results' },
  },
});
const { recipe } = values;
const steps = Number(values.steps);
const work = await mkdtemp(join(tmpdir(), 'inheritune-claims-'));
const progress = createProgress({ stream: process.stderr, isTty: false, now: () => performance.now() });
const results: SeedResult[] = [];
for (const seed of values.seeds.split(',').map(Number)) {
  const validateEvery = Math.max(1, Math.floor(steps / 6));
  const folder = join(work, `seed-${seed}`);
  results.push(await measureSeed({ recipe, seed, steps, validateEvery, folder, progress }));
}
const claims = claimsOf(results);
const command = `npm run bench:claims -- --seeds ${values.seeds} --steps ${steps}`;
const folder = resolve(ROOT, values.out);
const table = renderClaims(claims, { command, recipe });
await mkdir(folder, { recursive: true });
await writeFile(
  join(folder, 'claims.json'),
  `${JSON.stringify({ command, recipe, claims, results }, null, 2)}\n`,
);
await writeFile(join(folder, 'claims.md'), table);
await rm(work, { recursive: true, force: true });
process.stdout.write(table);
process.exit(0);
