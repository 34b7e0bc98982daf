import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/model/config.ts';
import { silentProgress } from '../../src/progress.ts';
import { readTrainLog } from '../../src/train/train-log.ts';
import { TrainingSession } from '../../src/train/training-session.ts';
import { openCheckpoint } from '../../src/weights/open-checkpoint.ts';
import { testEngine } from '../support/test-engine.ts';
import { SHAPE, smallTraining, STEPS, TURN, VALIDATION } from './small-training.ts';
import { temporaryFolder } from './train-process.ts';

/** The validation loss of a model in a folder, as the training computes it. */
async function lossOf(folder: string): Promise<number> {
  const checkpoint = await openCheckpoint(folder);
  const shape = { ...SHAPE, config: parseConfig(checkpoint.config, 'config.json') };
  const session = await TrainingSession.open(await testEngine(), shape);
  try {
    await session.start(checkpoint, silentProgress);
    return session.loss(VALIDATION);
  } finally {
    session.close();
    await checkpoint.close();
  }
}

async function validationLosses(folder: string): Promise<number[]> {
  return (await readTrainLog(folder)).map(({ validationLoss }) => validationLoss!);
}

const atTheEndOnly = {
  validation: {
    everySteps: 0,
    batches: async function* () {
      yield await Promise.resolve(VALIDATION);
    },
  },
};

const interrupted = { code: 'interrupted' };

test('best/ is the model of the lowest validation loss, the folder’s own that of the last step', async () => {
  const outFolder = await temporaryFolder();
  await smallTraining({ outFolder });
  const losses = await validationLosses(outFolder);
  const best = Math.min(...losses);
  expect(losses).toHaveLength(STEPS);
  // It rises again, so that the two models differ.
  expect(losses.indexOf(best) + 1).toBeGreaterThanOrEqual(TURN - 1);
  expect(losses.at(-1)).toBeGreaterThan(best + 0.05);
  expect(await lossOf(join(outFolder, 'best'))).toBe(best);
  expect(await lossOf(outFolder)).toBe(losses.at(-1));
});

test('stopped and resumed behind its best step, a run keeps that model', async () => {
  const [whole, outFolder] = [await temporaryFolder(), await temporaryFolder()];
  await smallTraining({ outFolder: whole });
  await expect(smallTraining({ outFolder, stopAfter: 10 })).rejects.toMatchObject(interrupted);
  await smallTraining({ outFolder });
  expect(await validationLosses(outFolder)).toEqual(await validationLosses(whole));
  expect(await lossOf(join(outFolder, 'best'))).toBe(await lossOf(join(whole, 'best')));
});

test.each([
  [1, ['step-00000009']],
  [2, ['step-00000008', 'step-00000009']],
  [4, ['step-00000004', 'step-00000006', 'step-00000008', 'step-00000009']],
  [9, ['step-00000002', 'step-00000004', 'step-00000006', 'step-00000008', 'step-00000009']],
])('keepCheckpoints %i keeps the newest of them', async (keepCheckpoints, names) => {
  const outFolder = await temporaryFolder();
  const change = { keepCheckpoints };
  await expect(smallTraining({ outFolder, stopAfter: 9, change })).rejects.toMatchObject(interrupted);
  expect((await readdir(join(outFolder, 'checkpoints'))).sort()).toEqual(names);
  await smallTraining({ outFolder, change });
  expect(existsSync(join(outFolder, 'checkpoints'))).toBe(false);
});

test('without keepBest, or without validation losses on the way, there is no best/', async () => {
  for (const change of [{ keepBest: false }, atTheEndOnly]) {
    const outFolder = await temporaryFolder();
    await smallTraining({ outFolder, change });
    expect(existsSync(join(outFolder, 'best'))).toBe(false);
    expect(existsSync(join(outFolder, 'model.safetensors'))).toBe(true);
  }
});
