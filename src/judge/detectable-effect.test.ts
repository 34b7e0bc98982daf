import { expect, it } from 'vitest';
import { itemsToDetect, smallestDetectableDifference } from './detectable-effect.ts';

it('is 2.80 standard errors for one test at 95 % and 80 % power', () => {
  const interval = { lower: -0.0195996398, upper: 0.0195996398 }; // a standard error of 0.01
  expect(smallestDetectableDifference(interval, 0.95, 1)).toBeCloseTo(0.028016, 5);
});

it('grows with the number of tests and never passes 100 points', () => {
  const interval = { lower: -0.02, upper: 0.02 };
  expect(smallestDetectableDifference(interval, 0.95, 10)).toBeGreaterThan(
    smallestDetectableDifference(interval, 0.95, 1),
  );
  expect(smallestDetectableDifference({ lower: -1, upper: 1 }, 0.95, 10)).toBe(1);
});

it('four times the items see half the difference', () => {
  expect(itemsToDetect(0.01, 100, 0.02)).toBe(400);
  expect(itemsToDetect(0.5, 100, 0.02)).toBe(101);
  expect(itemsToDetect(0, 100, 0.02)).toBeUndefined();
});
