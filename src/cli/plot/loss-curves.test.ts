import { expect, test } from 'vitest';
import { lossCurves, smoothed } from './loss-curves.ts';
import type { TrainLogLine } from '../../train/train-log.ts';

const line = (step: number, loss: number, validationLoss?: number): TrainLogLine => ({
  ...{ step, loss, learningRate: 1e-3, gradNorm: 1, tokens: 64 * step, tokensPerSecond: 100 },
  ...(validationLoss === undefined ? {} : { validationLoss }),
});

test('over steps and over tokens', () => {
  const run = { name: 'a', lines: [line(1, 5), line(2, 4, 4.5)] };
  expect(lossCurves(run, { x: 'step', smooth: 0 })).toEqual({
    name: 'a',
    training: [
      [1, 5],
      [2, 4],
    ],
    measured: undefined,
    validation: [[2, 4.5]],
  });
  expect(lossCurves(run, { x: 'tokens', smooth: 0 }).training).toEqual([
    [64, 5],
    [128, 4],
  ]);
});

test('steps that a resumed run did again count once, as done last', () => {
  const lines = [line(1, 5), line(2, 4), line(3, 3), line(2, 4.1), line(3, 3.1), line(4, 2)];
  expect(lossCurves({ name: 'a', lines }, { x: 'step', smooth: 0 }).training).toEqual([
    ...[
      [1, 5],
      [2, 4.1],
      [3, 3.1],
      [4, 2],
    ],
  ]);
});

test('what is not a finite number is left out: JSON writes it as null', () => {
  const lines = [line(1, 5), { ...line(2, 4), loss: null as unknown as number }, line(3, NaN), line(4, 3)];
  expect(lossCurves({ name: 'a', lines }, { x: 'step', smooth: 0 }).training).toEqual([
    [1, 5],
    [4, 3],
  ]);
});

test('smoothing is the moving average without bias, and keeps the measured curve; validation stays', () => {
  const run = { name: 'a', lines: [line(1, 4), line(2, 2, 3), line(3, 2)] };
  const { training, measured, validation } = lossCurves(run, { x: 'step', smooth: 0.5 });
  // Weights 1; 1/3, 2/3; 1/7, 2/7, 4/7.
  expect(training.map(([, y]) => y)).toEqual([4, expect.closeTo(8 / 3), expect.closeTo(16 / 7)]);
  expect(measured).toEqual([
    [1, 4],
    [2, 2],
    [3, 2],
  ]);
  expect(validation).toEqual([[2, 3]]);
});

test('a constant stays what it is at any weight', () => {
  const points = Array.from({ length: 50 }, (_, i) => [i, 3] as const);
  for (const [, y] of smoothed(points, 0.99)) expect(y).toBeCloseTo(3, 9);
});
