import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { modelFixture } from '../../test/support/model-fixtures.ts';
import { EXIT } from '../errors.ts';
import { GraphError } from '../graph/graph-error.ts';
import { parseConfig } from '../model/config.ts';
import { brokenWeights, judgeStep, remedyFor } from '../train/anomaly.ts';
import type { Anomaly } from '../train/anomaly.ts';
import { namedFailure } from '../train/train-failure.ts';
import type { ChildExit } from './child-outcome.ts';
import { classifyExit } from './child-outcome.ts';
import { describeOutcome } from './outcome-text.ts';

// What the command line prints last is what the action goes by: here it is the errors' own text.

const said = (message: string, earlier = ''): ChildExit => ({
  ...{ exitCode: EXIT.failed, signal: undefined, stderrTail: `${earlier}training: started\n${message}\n` },
  ...{ timedOutAfterMs: undefined, stalledAfterMs: undefined, cancelledBy: undefined, kernelOomKills: 0 },
});

const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) throw new Error('not an error');
  return error.message;
};

describe('out of memory', () => {
  it('of a training is named, with the sizes and the advice that the training gives', async () => {
    const json = await readFile(`${modelFixture('llama-tied')}/config.json`, 'utf8');
    const shape = {
      ...{ config: parseConfig(JSON.parse(json) as Record<string, unknown>, 'config.json') },
      ...{ sequenceLength: 64, microBatch: 4, accumulate: 2, precision: 'float32' as const },
      optimizer: { betas: [0.9, 0.95] as const, epsilon: 1e-8, weightDecay: 0, clipNorm: 1 },
    };
    const cause = new GraphError('outOfMemory', 'x');
    const error = namedFailure(cause, { shape, outFolder: 'out', savedStep: 40 });
    const outcome = classifyExit(said(messageOf(error)));
    expect(outcome.kind).toBe('outOfMemory');
    const { title, detail, exitCode } = describeOutcome(outcome, 'out');
    expect({ title, exitCode }).toEqual({ title: 'Out of memory', exitCode: 1 });
    expect(detail).toBe(messageOf(error));
    expect(detail).toMatch(
      /The checkpoint after step 40 is whole.*train\.microBatch to 2 and train\.accumulate to 4/,
    );
  });

  it('that scoring noted and mastered is not what a later error is about', () => {
    const note = 'The device ran out of memory. Rows have at most 512 tokens from here on.\n';
    expect(classifyExit(said('The disk is full.', note))).toMatchObject({ kind: 'failed' });
  });
});

describe('not a number', () => {
  const state = {
    ...{ step: 7, runHash: 'x', seed: 1, batchShift: 0, tokens: 0, seconds: 0, bestValidationNats: null },
    ...{ recentLosses: [], incidents: [], pending: null },
  };
  const stopped = (anomaly: Anomaly): string => {
    try {
      remedyFor(anomaly, state);
    } catch (error) {
      return messageOf(error);
    }
    throw new Error('not stopped');
  };

  it.each([
    [NaN, 1],
    [2.5, Infinity],
  ])('a loss of %s and a norm of %s', (lossNats, gradientNorm) => {
    const anomaly = judgeStep({ lossNats, gradientNorm }, [], { onNonFinite: 'stop' })!;
    const outcome = classifyExit(said(stopped(anomaly)));
    expect(outcome).toMatchObject({
      kind: 'notANumber',
      message: expect.stringMatching(/^Step 8 \(batch 7/) as string,
    });
  });

  it('weights that stopped being finite', () => {
    const anomaly = brokenWeights('model.norm.weight', { onNonFinite: 'stop' });
    expect(classifyExit(said(stopped(anomaly)))).toMatchObject({ kind: 'notANumber' });
  });

  it('a loss spike is a failure with its own words: its numbers are numbers', () => {
    const spike = { factor: 2, window: 1, action: 'stop' as const };
    const anomaly = judgeStep({ lossNats: 9, gradientNorm: 1 }, [2], { onNonFinite: 'stop', spike })!;
    expect(classifyExit(said(stopped(anomaly)))).toMatchObject({
      ...{ kind: 'failed', message: expect.stringContaining('more than 2 times') as string },
    });
  });
});
