import { expect, test } from 'vitest';
import { countHolding } from './count-holding.ts';

test.each([
  [[5], 1],
  [[0, 0, 7], 1],
  [[1, 8, 1], 2],
  [[9, 1], 1],
  [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 9],
  [[89, 2, 9], 2],
])('of %j, %i hold 90 %% of the sum', (values, count) => {
  expect(countHolding(values, 0.9)).toBe(count);
});

test('all of them hold the whole, whatever rounding does to the sum', () => {
  expect(countHolding(new Array<number>(10).fill(0.1), 1)).toBe(10);
});
