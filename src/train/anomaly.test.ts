import { expect, test } from 'vitest';
import { judgeStep } from './anomaly.ts';

const policies = { onNonFinite: 'skip', spike: { factor: 2, window: 4, action: 'reload' } } as const;
const step = (lossNats: number, gradientNorm = 1) => ({ lossNats, gradientNorm });

test.each([
  ['a usual loss', step(3.9), [2, 2, 2, 2], undefined],
  ['exactly the factor', step(4), [2, 2, 2, 2], undefined],
  ['above the factor', step(4.1), [2, 2, 2, 2], 'reload'],
  ['one earlier spike does not move the median', step(4.1), [2, 90, 2, 2], 'reload'],
  ['fewer losses than the window', step(90), [2, 2, 2], undefined],
  ['only the newest losses count', step(5), [1, 1, 3, 3, 3, 3], undefined],
  ['a loss of NaN', step(NaN), [], 'skip'],
  ['an infinite gradient', step(2, Infinity), [2, 2, 2, 2], 'skip'],
])('%s', (_, result, recent, action) => {
  expect(judgeStep(result, recent, policies)?.action).toBe(action);
});

test('without a spike section no finite loss is wrong', () => {
  expect(judgeStep(step(1e9), [1, 1, 1, 1], { onNonFinite: 'stop' })).toBeUndefined();
});
