import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testEngine } from '../support/test-engine.ts';
import { openFixture } from '../support/model-fixtures.ts';
import { temporaryFolder } from './train-process.ts';
import { parseConfig } from '../../src/model/config.ts';
import { silentProgress } from '../../src/progress.ts';
import type { TrainingPolicies } from '../../src/train/anomaly.ts';
import { train } from '../../src/train/train.ts';
import type { TrainOutcome } from '../../src/train/train-options.ts';
import { readTrainLog } from '../../src/train/train-log.ts';
import type { TrainLogLine } from '../../src/train/train-log.ts';
import type { Batch } from '../../src/train/training-session.ts';
import { openSafetensors } from '../../src/weights/safetensors-file.ts';

const T = 16;
const STEPS = 12;
const BAD_STEP = 7;

interface Attempt {
  readonly folder: string;
  readonly notes: string[];
  /** Batches read, in order. */
  readonly read: number[];
  readonly run: () => Promise<TrainOutcome>;
}

async function attempt(
  policies: TrainingPolicies,
  badBatch: (batch: number) => boolean,
  learningRate = 1e-2,
): Promise<Attempt> {
  const checkpoint = await openFixture('llama-tied');
  const config = parseConfig(checkpoint.config, 'config.json');
  const folder = await temporaryFolder();
  const notes: string[] = [];
  const read: number[] = [];
  const engine = await testEngine();
  return {
    ...{ folder, notes, read },
    run: () =>
      train({
        engine,
        shape: {
          ...{ config, sequenceLength: T, microBatch: 1, accumulate: 1, precision: 'float32' },
          optimizer: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 },
        },
        schedule: { learningRate, minLearningRate: learningRate, warmupSteps: 0, schedule: 'constant' },
        steps: STEPS,
        start: checkpoint,
        batch: (step) => {
          read.push(step);
          return Promise.resolve(batchOf(step, badBatch(step)));
        },
        seed: 1,
        policies,
        ...{ checkpointEvery: 5, keepCheckpoints: 2, runHash: 'x', resume: true, outFolder: folder },
        progress: { ...silentProgress, note: (text) => void notes.push(text) },
        signal: new AbortController().signal,
      }).finally(() => checkpoint.close()),
  };
}

/** Every good batch teaches "the token seven further on"; a bad one says something else, and its loss jumps. */
function batchOf(step: number, bad: boolean): Batch {
  const inputs = Int32Array.from({ length: T }, (_, i) => (step * 31 + i * 7) % 50);
  const targets = Int32Array.from(inputs, (id) => (bad ? 127 - id : (id + 7) % 50));
  return { inputs, targets };
}

const losses = async (folder: string): Promise<TrainLogLine[]> => readTrainLog(folder);

const spike = { factor: 1.2, window: 3 };
const isBad = (batch: number): boolean => batch === BAD_STEP;

test('a rate that makes the weights explode ends the run, names step and batch, and leaves no such weights', async () => {
  const { folder, run } = await attempt({ onNonFinite: 'stop' }, () => false, 1e30);
  await expect(run()).rejects.toMatchObject({
    ...{ code: 'nonFinite', exitCode: 1 },
    message: expect.stringMatching(
      /^Step 2 \(batch 1 of the run, counted from 0\) gave a loss of \S+ and a gradient norm of \S+;/,
    ) as string,
  });
  expect(await readdir(folder)).toEqual(['train.jsonl']);
});

test('weights that explode in every attempt end the run instead of going back for ever', async () => {
  const { run } = await attempt({ onNonFinite: 'reload' }, () => false, 1e30);
  await expect(run()).rejects.toMatchObject({
    code: 'nonFinite',
    message: expect.stringContaining('after 10 steps that went wrong before') as string,
  });
});

test('a loss spike stops the run with its numbers and keeps the last good checkpoint', async () => {
  const policies = { onNonFinite: 'stop', spike: { ...spike, action: 'stop' } } as const;
  const { folder, run } = await attempt(policies, isBad);
  await expect(run()).rejects.toMatchObject({
    ...{ code: 'spike', exitCode: 1 },
    message: expect.stringMatching(
      /^Step 8 \(batch 7 of the run.*more than 1\.2 times the [\d.]+ of the 3 steps before/,
    ) as string,
  });
  await expectFiniteCheckpoint(folder, 5);
});

test('skip gives the losses of a run in which the bad update never was', async () => {
  const policies = { onNonFinite: 'stop', spike: { ...spike, action: 'skip' } } as const;
  const { folder, run, notes, read } = await attempt(policies, isBad);
  const outcome = await run();
  expect(outcome.incidents).toMatchObject([{ step: 7, batch: 7, kind: 'spike', action: 'skip' }]);
  expect(notes.join('\n')).toMatch(/step 8 \(batch 7\) gave a loss of .*back to the weights after step 5/);
  expect(read).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 5, 6, 8, 9, 10, 11]);
  const lines = await losses(folder);
  expect(lines.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12]);
  expect(Math.max(...lines.slice(-4).map(({ loss }) => loss))).toBeLessThan(lines[3]!.loss);
});

test('reload goes on with the batches behind the bad one', async () => {
  const policies = { onNonFinite: 'stop', spike: { ...spike, action: 'reload' } } as const;
  const { folder, run, read } = await attempt(policies, isBad);
  const outcome = await run();
  expect(outcome.incidents).toMatchObject([{ step: 7, batch: 7, action: 'reload' }]);
  expect(read).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  expect((await losses(folder)).map(({ step }) => step)).toEqual(
    Array.from({ length: STEPS }, (_, i) => i + 1),
  );
});

async function expectFiniteCheckpoint(folder: string, step: number): Promise<void> {
  const path = join(folder, 'checkpoints', `step-0000000${step}`);
  const { state } = JSON.parse(await readFile(join(path, 'state.json'), 'utf8')) as {
    state: { step: number };
  };
  expect(state.step).toBe(step);
  const file = await openSafetensors(join(path, 'training.safetensors'));
  for (const name of file.entries.keys()) {
    const bytes = await file.read(name);
    expect(new Float32Array(bytes.slice().buffer).every(Number.isFinite), name).toBe(true);
  }
  await file.close();
}
