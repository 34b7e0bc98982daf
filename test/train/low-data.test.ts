import { mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readTrainLog } from '../../src/train/train-log.ts';
import { cli } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'inheritune-low-data-'));
afterAll(() => rm(folder, { recursive: true }));

test('recipes/mini-low-data.yml, shorter: trains the reference, takes its half, and goes over the subset twice', async () => {
  const out = join(folder, 'run');
  const sets = [
    'data.subsetTokens=32769',
    'data.validationTokens=2049',
    'train.sequenceLength=64',
    'train.checkpointEvery=0',
  ];
  const { exitCode, errors } = await cli([
    'run',
    'recipes/mini-low-data.yml',
    '--out',
    out,
    '--set',
    ...sets,
  ]);
  expect(exitCode, errors).toBe(0);
  const [reference, trained] = await Promise.all(
    ['reference', '.'].map((place) => readTrainLog(join(out, place))),
  );
  // 512 windows of 64 tokens, 8 in a step, twice.
  expect([reference!.length, trained!.length]).toEqual([128, 128]);
  const blocks = async (place: string): Promise<unknown> =>
    (JSON.parse(await readFile(join(out, place, 'config.json'), 'utf8')) as Record<string, unknown>)[
      'num_hidden_layers'
    ];
  expect(await Promise.all(['reference', 'inherited', '.'].map(blocks))).toEqual([8, 4, 4]);
  // Inherited, not begun anew: the first step is far below the reference's first and near its last.
  const [first, last] = [reference![0]!.loss, reference!.at(-1)!.loss];
  expect(trained![0]!.loss).toBeLessThan((first + last) / 2);
  const end = (log: typeof trained): number => log!.at(-1)!.validationLoss!;
  expect(end(trained)).toBeLessThanOrEqual(end(reference));
});
