import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendTrainLog } from '../train/train-log.ts';
import { readTrainingState, secondsLeft, trainingLogTimeMs } from './training-state.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inheritune-log-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('readTrainingState', () => {
  it('is undefined before there is a log', () => {
    expect(readTrainingState(folder, 0)).toBeUndefined();
    expect(trainingLogTimeMs(folder)).toBeUndefined();
  });

  it('reads what the training writes, however long the log', async () => {
    for (const step of [1, 2]) await log(step);
    expect(readTrainingState(folder, 0)).toEqual({
      ...{ step: 2, lossNats: 2.5, tokens: 1024, tokensPerSecond: 100, tokensPerStep: 512 },
    });
    writeFileSync(join(folder, 'train.jsonl'), `{"step":1,"note":"${'x'.repeat(40_000)}"}\n`);
    for (const step of [7, 8]) await log(step);
    expect(readTrainingState(folder, 0)).toMatchObject({ step: 8, tokensPerStep: 512 });
  });

  it('leaves out a last line that is not whole, and lines that are none of ours', async () => {
    await log(3);
    appendFileSync(join(folder, 'train.jsonl'), 'noise\n{"step":4,"loss":2');
    expect(readTrainingState(folder, 0)).toMatchObject({ step: 3 });
  });

  it('of a run that trains several models reads the one that grew last, and names it', async () => {
    await log(9);
    for (const model of ['reference', 'target-2-blocks']) {
      mkdirSync(join(folder, model));
      await log(model === 'reference' ? 4 : 2, join(folder, model));
    }
    const now = Date.now() / 1000;
    utimesSync(join(folder, 'train.jsonl'), now - 20, now - 20);
    utimesSync(join(folder, 'reference/train.jsonl'), now - 10, now - 10);
    expect(readTrainingState(folder, 0)).toMatchObject({ model: 'target-2-blocks', step: 2 });
    expect(trainingLogTimeMs(folder)).toBeGreaterThan((now - 10) * 1000);
  });

  it("does not take an earlier run's log for this run's", async () => {
    await log(3);
    expect(readTrainingState(folder, Date.now() + 60_000)).toBeUndefined();
  });
});

it('secondsLeft is what the remaining steps take at the last rate', () => {
  const state = { step: 10, lossNats: 2, tokens: 5120, tokensPerSecond: 256, tokensPerStep: 512 };
  expect(secondsLeft(state, 110)).toBe(200);
  expect(secondsLeft(state, 5)).toBe(0);
  expect(secondsLeft(state, undefined)).toBeUndefined();
  expect(secondsLeft({ ...state, tokensPerSecond: 0 }, 110)).toBeUndefined();
});

function log(step: number, place = folder): Promise<void> {
  const rates = { learningRate: 1e-3, gradNorm: 1, tokensPerSecond: 100 };
  return appendTrainLog(place, { step, loss: 2.5, tokens: 512 * step, ...rates });
}
