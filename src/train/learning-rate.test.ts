import { expect, test } from 'vitest';
import { learningRateAt } from './learning-rate.ts';

const settings = { learningRate: 3e-4, minLearningRate: 3e-5, warmupSteps: 10, schedule: 'cosine' } as const;

test('rises linearly to the peak over the warm-up', () => {
  expect(learningRateAt(0, 100, settings)).toBeCloseTo(3e-5, 12);
  expect(learningRateAt(9, 100, settings)).toBeCloseTo(3e-4, 12);
});

test('is half way between peak and minimum in the middle of the cosine', () => {
  expect(learningRateAt(55, 100, settings)).toBeCloseTo((3e-4 + 3e-5) / 2, 12);
});

test('falls in a straight line, or stays, when asked to', () => {
  expect(learningRateAt(55, 100, { ...settings, schedule: 'linear' })).toBeCloseTo((3e-4 + 3e-5) / 2, 12);
  expect(learningRateAt(99, 100, { ...settings, schedule: 'constant' })).toBe(3e-4);
});

test('is defined where the warm-up is as long as the run or longer', () => {
  expect(learningRateAt(3, 5, settings)).toBeCloseTo(1.2e-4, 12);
  expect(learningRateAt(10, 10, settings)).toBeCloseTo(3e-5, 12);
});
