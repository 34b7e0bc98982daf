import { expect, it } from 'vitest';
import { groupResults } from './group-results.ts';
import type { TaskResult } from './result.ts';

const groups = new Map([['mmlu', ['mmlu_a', 'mmlu_b', 'mmlu_c']]]);

it('weighs questions alike in acc and subjects alike in macro_acc', () => {
  const { mmlu } = groupResults(groups, {
    mmlu_a: scored(0.5, 0.05, 100),
    mmlu_b: scored(0.2, 0.04, 50),
    mmlu_c: scored(0.2, 0.04, 50),
  });
  expect(mmlu?.acc).toBeCloseTo(0.35, 12);
  expect(mmlu?.macro_acc).toBeCloseTo(0.3, 12);
  expect(mmlu).toMatchObject({ docs: 200, tasks: ['mmlu_a', 'mmlu_b', 'mmlu_c'], missing: [] });
});

it('names members without data and leaves them out', () => {
  const { mmlu } = groupResults(groups, {
    mmlu_a: scored(0.5, 0.05, 100),
    mmlu_b: { status: 'unavailable', reason: 'no file' },
  });
  expect(mmlu).toEqual({
    acc: 0.5,
    acc_stderr: 0.05,
    macro_acc: 0.5,
    docs: 100,
    tasks: ['mmlu_a'],
    missing: ['mmlu_b', 'mmlu_c'],
  });
});

it('has no score where a member failed or none has data', () => {
  expect(
    groupResults(groups, { mmlu_a: scored(0.5, 0.05, 100), mmlu_b: { status: 'failed', reason: 'NaN' } }),
  ).toEqual({});
  expect(groupResults(groups, { mmlu_a: { status: 'unavailable', reason: 'no file' } })).toEqual({});
});

it('has the stderr N/A where a member has one document', () => {
  const { mmlu } = groupResults(groups, {
    mmlu_a: scored(1, 'N/A', 1),
    mmlu_b: scored(0.2, 0.04, 50),
    mmlu_c: scored(0.2, 0.04, 50),
  });
  expect(mmlu?.acc_stderr).toBe('N/A');
});

function scored(acc: number, stderr: number | 'N/A', docs: number): TaskResult {
  return {
    status: 'scored',
    metrics: { acc, acc_stderr: stderr },
    baselines: { uniform: 0.25, constant: 0.3 },
    docs,
    version: 1,
    fewShot: 5,
    itemSetHash: '',
    truncatedItems: 0,
    items: [],
  };
}
