import { expect, test } from 'vitest';
import { parseConfig } from '../../src/model/config.ts';
import { silentProgress } from '../../src/progress.ts';
import type { Progress } from '../../src/progress.ts';
import { readTrainLog } from '../../src/train/train-log.ts';
import { train } from '../../src/train/train.ts';
import type { UtilisationBasis } from '../../src/train/train-options.ts';
import { openFixture } from '../support/model-fixtures.ts';
import { testEngine } from '../support/test-engine.ts';
import { temporaryFolder } from './train-process.ts';

/** Trains three steps; `facts` are those of the line that is shown. */
async function trained(utilisation?: UtilisationBasis) {
  const facts: Readonly<Record<string, string>>[] = [];
  const progress: Progress = {
    ...silentProgress,
    start: () => ({ advance: (_, shown) => void (shown && facts.push(shown)), end: () => undefined }),
  };
  const start = await openFixture('llama-tied');
  const folder = await temporaryFolder();
  const batch = { inputs: Int32Array.from({ length: 16 }, (_, i) => i), targets: new Int32Array(16).fill(7) };
  const optimizer = { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 } as const;
  await train({
    ...{ engine: await testEngine(), start, outFolder: folder, progress, utilisation, steps: 3, seed: 1 },
    shape: {
      ...{ config: parseConfig(start.config, 'config.json'), optimizer, precision: 'float32' },
      ...{ sequenceLength: 16, microBatch: 1, accumulate: 1 },
    },
    schedule: { learningRate: 1e-3, minLearningRate: 1e-4, warmupSteps: 1, schedule: 'cosine' },
    batch: () => Promise.resolve(batch),
    validation: {
      everySteps: 2,
      batches: async function* () {
        yield await Promise.resolve(batch);
      },
    },
    ...{ checkpointEvery: 1, keepCheckpoints: 1, runHash: 'x', resume: false },
    signal: new AbortController().signal,
  });
  await start.close();
  return { facts: facts.filter((one) => 'loss' in one), lines: await readTrainLog(folder) };
}

test('on a device whose peak is known, the share of it that the model uses is logged and shown', async () => {
  const { facts, lines } = await trained({ flopPerToken: 2e6, peakFlopPerSecond: 1e12 });
  expect(lines).toHaveLength(3);
  for (const [i, { mfu, tokensPerSecond }] of lines.entries()) {
    expect(mfu).toBeCloseTo((2e6 * tokensPerSecond) / 1e12, 12);
    expect(facts[i]!['MFU']).toBe(`${(100 * mfu!).toFixed(1)} %`);
  }
  expect(Object.keys(facts.at(-1)!)).toEqual(['step', 'loss', 'validation', 'MFU', 'rate', 'checkpoint']);
});

test('on any other device there is no such number', async () => {
  const { facts, lines } = await trained();
  for (const line of lines) expect(line).not.toHaveProperty('mfu');
  expect(Object.keys(facts.at(-1)!)).toEqual(['step', 'loss', 'validation', 'rate', 'checkpoint']);
});
