import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { modelFixture } from '../../test/support/model-fixtures.ts';
import { GraphError } from '../graph/graph-error.ts';
import { parseConfig } from '../model/config.ts';
import { WeightsError } from '../weights/errors.ts';
import { namedFailure } from './train-failure.ts';
import type { TrainingShape } from './training-program.ts';

const json = JSON.parse(await readFile(`${modelFixture('llama-tied')}/config.json`, 'utf8')) as Record<
  string,
  unknown
>;
const shape: TrainingShape = {
  ...{ config: parseConfig(json, 'config.json'), sequenceLength: 64, microBatch: 4, accumulate: 2 },
  precision: 'float32',
  optimizer: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0, clipNorm: 1 },
};

test('out of memory says the sizes, the checkpoint that is whole, and the same batch in smaller pieces', () => {
  const cause = new GraphError('outOfMemory', 'OOM when allocating tensor');
  expect(namedFailure(cause, { shape, outFolder: 'out', savedStep: 40 })).toMatchObject({
    ...{ code: 'outOfMemory', exitCode: 1, cause },
    message: expect.stringMatching(
      /take [\d.]+ GB and a micro-batch of 4 x 64 tokens up to [\d.]+ GB\. The checkpoint after step 40 is whole\. Set train\.recompute to block \(.*\), or train\.microBatch to 2 and train\.accumulate to 4 /,
    ) as string,
  });
});

test('a step that recomputes blocks already, of one sequence, can only become shorter or shallower', () => {
  const cause = new GraphError('outOfMemory', 'OOM when allocating tensor');
  const small: TrainingShape = { ...shape, microBatch: 1, recompute: 'block' };
  expect(namedFailure(cause, { shape: small, outFolder: 'out', savedStep: undefined })).toMatchObject({
    message: expect.stringContaining(
      'There was no checkpoint yet. Lower train.sequenceLength, or inherit fewer blocks. `inheritune plan`',
    ) as string,
  });
});

test.each(['ENOSPC', 'EDQUOT', 'EFBIG'])('%s below another error is a full disk', (code) => {
  const system = Object.assign(new Error('write'), { code, syscall: 'write' });
  const cause = new WeightsError('write-failed', 'x could not be written.', { cause: system });
  expect(namedFailure(cause, { shape, outFolder: 'out', savedStep: undefined })).toMatchObject({
    ...{ code: 'diskFull', exitCode: 1 },
    message: expect.stringContaining('There was no checkpoint yet') as string,
  });
});

test('another error comes back unchanged', () => {
  const cause = new Error('something else');
  expect(namedFailure(cause, { shape, outFolder: 'out', savedStep: 1 })).toBe(cause);
});
