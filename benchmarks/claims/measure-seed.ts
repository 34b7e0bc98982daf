import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCli } from '../../src/cli/cli.ts';
import { silentProgress } from '../../src/progress.ts';
import type { Progress } from '../../src/progress.ts';
import type { GrowthResult } from '../../src/judge/growth-result.ts';
import { grownFolder } from '../../src/store/run-folder.ts';
import { readTrainLog, validationPoints } from '../../src/train/train-log.ts';
import type { SeedResult } from './claims.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface SeedOptions {
  /** With a `grow` section; relative to the repository. */
  readonly recipe: string;
  readonly seed: number;
  /** Of each of the three models. */
  readonly steps: number;
  readonly validateEvery: number;
  /** Other fields to replace, as `name=value`. */
  readonly sets?: readonly string[];
  readonly folder: string;
  readonly progress: Progress;
}

/**
 * One round of `inheritune grow` with a seed of its own, as a person would type it, but in this process: TensorFlow is
 * loaded once.
 * @throws Error with what the command said when it fails
 */
export async function measureSeed(options: SeedOptions): Promise<SeedResult> {
  const { recipe, seed, steps, validateEvery, sets = [], folder, progress } = options;
  const fields = [
    ...[`train.seed=${seed}`, `reference.seed=${seed}`, 'grow.rounds=1'],
    ...[`train.steps=${steps}`, `train.validateEvery=${validateEvery}`, ...sets],
  ];
  const said: string[] = [];
  const code = await runCli(['grow', recipe, '--out', folder, '--device', 'cpu', '--set', ...fields], {
    ...{ cwd: ROOT, env: process.env, home: homedir(), progress, silentProgress, version: 'benchmark' },
    print: () => undefined,
    printError: (text) => said.push(text),
    signal: new AbortController().signal,
  });
  if (code !== 0) throw new Error(`grow ended with code ${code}: ${said.join('\n')}`);
  const { models } = JSON.parse(await readFile(join(folder, 'growth.json'), 'utf8')) as GrowthResult;
  const curve = async (name: string): Promise<{ step: number; lossNats: number }[]> =>
    validationPoints(await readTrainLog(join(folder, grownFolder(name))));
  const target = models.find(({ name }) => name.startsWith('target'))!;
  return {
    seed,
    reference: await curve('reference'),
    inherited: await curve(target.name),
    scratch: await curve('scratch'),
  };
}
