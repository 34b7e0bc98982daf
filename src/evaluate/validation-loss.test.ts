import { expect, test } from 'vitest';
import { expectedModel, openFixture } from '../../test/support/model-fixtures.ts';
import { testEngine } from '../../test/support/test-engine.ts';
import { parseConfig } from '../model/config.ts';
import { silentProgress } from '../progress.ts';
import { validationLoss } from './validation-loss.ts';
import type { ValidationOptions } from './validation-loss.ts';

const NAME = 'llama-tied';

async function lossOf(windows: ValidationOptions['windows'], more: Partial<ValidationOptions> = {}) {
  const checkpoint = await openFixture(NAME);
  const { inputIds } = await expectedModel(NAME);
  try {
    return await validationLoss({
      engine: await testEngine(),
      ...{ config: parseConfig(checkpoint.config, NAME), checkpoint, precision: 'float32' },
      ...{ sequenceLength: inputIds[0]!.length, count: inputIds.length, windows },
      ...{ progress: silentProgress, label: NAME, ...more },
    });
  } finally {
    await checkpoint.close();
  }
}

async function* fixtureWindows() {
  const { inputIds, targetIds } = await expectedModel(NAME);
  for (const [row, inputs] of inputIds.entries()) {
    yield { inputs: Int32Array.from(inputs), targets: Int32Array.from(targetIds[row]!) };
  }
}

test('is the mean over all windows that transformers gives', async () => {
  const { loss, inputIds } = await expectedModel(NAME);
  const { lossNats, perplexity, tokens } = await lossOf(fixtureWindows);
  expect(lossNats).toBeCloseTo(loss, 4);
  expect(perplexity).toBeCloseTo(Math.exp(lossNats), 10);
  expect(tokens).toBe(inputIds.flat().length);
});

test('ends between two windows when it is told to', async () => {
  const stop = new AbortController();
  let given = 0;
  async function* endless() {
    for (;;) {
      if (++given === 2) stop.abort(new Error('SIGINT'));
      for await (const window of fixtureWindows()) {
        yield window;
        break;
      }
    }
  }
  await expect(lossOf(endless, { signal: stop.signal })).rejects.toThrow('SIGINT');
  expect(given).toBe(2);
});
