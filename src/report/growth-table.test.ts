import { expect, test } from 'vitest';
import { makeGrowth } from '../../test/fixtures/judge/make-growth.ts';
import { growthLegend, renderGrowth } from './growth-table.ts';

test('the table has a row for every model and says whether parity was reached', () => {
  const text = renderGrowth('x', makeGrowth(2.5, { 4: 2.625 }, 'a'));
  expect(text).toContain('# x: growth');
  expect(text).toContain('with 4 of 8 blocks +0.1250 nats are left');
  expect(text).toMatch(
    /\| target 4 blocks +\| +4 \| +4,000 \| inherited +\| +10 \| +2\.6250 \| +\+0\.1250 \|/,
  );
  expect(text).toMatch(/\| scratch .* \| +3\.5000 \| +\+1\.0000 \|/);
});

test('parity is said with the gap', () => {
  expect(renderGrowth('x', makeGrowth(2.5, { 4: 2.625, 6: 2.25 }, 'a'))).toContain(
    "with 6 of 8 blocks reaches the reference's validation loss (−0.2500 nats)",
  );
});

test('the legend says what the losses are over, and the tolerance where there is one', () => {
  const growth = makeGrowth(2.5, { 4: 2.5 }, 'a');
  expect(growthLegend(growth)).toContain('the same 4,096 held-out tokens.</sub>');
  expect(growthLegend({ ...growth, tolerance: 0.05 })).toContain('Up to 0.0500 nats above');
});
