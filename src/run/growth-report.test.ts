import { expect, test } from 'vitest';
import { renderGrowth } from './growth-report.ts';

const model = (name: string, blocks: number, lossNats: number, initialisation = 'random') => ({
  ...{ name, blocks, lossNats, initialisation },
  ...{ parameters: 1000 * blocks, steps: 10 },
});

test('the table has a row for every model and says whether parity was reached', () => {
  const models = [
    model('reference', 8, 2.5),
    model('target 4 blocks', 4, 2.625, 'inherited'),
    model('scratch', 4, 3),
  ];
  const text = renderGrowth({ name: 'x', parity: false, models });
  expect(text).toContain('with 4 of 8 blocks +0.1250 nats are left');
  expect(text).toMatch(
    /\| target 4 blocks +\| +4 \| +4,000 \| inherited +\| +10 \| +2\.6250 \| +\+0\.1250 \|/,
  );
});

test('parity is said with the gap', () => {
  const models = [model('reference', 8, 2.5), model('target 6 blocks', 6, 2.25, 'inherited')];
  expect(renderGrowth({ name: 'x', parity: true, models })).toContain(
    "with 6 of 8 blocks reaches the reference's validation loss (−0.2500 nats)",
  );
});
