import { describe, expect, it } from 'vitest';
import { makeGrowth } from '../../test/fixtures/judge/make-growth.ts';
import type { GrowthSides } from '../judge/growth-judgement.ts';
import { renderGrowthComparison } from './growth-comparison.ts';

const GATES = { maximumDropPoints: 1, confidence: 0.95 };
const LABELS = {
  base: 'merge base abc',
  head: 'default',
  reportUrl: 'https://github.com/o/r/actions/runs/1',
};
const environment = { device: 'cpu', precision: 'float32' };
const run = (...growth: Parameters<typeof makeGrowth>) => ({ environment, growth: makeGrowth(...growth) });
const render = (base: GrowthSides['base'], head: GrowthSides['head']) =>
  renderGrowthComparison({ base, head }, LABELS, GATES);

describe('one seed on each side', () => {
  const base = run(2.5, { 4: 2.625, 6: 2.25 }, 'a');

  it('says where parity was reached, and that the rest is unknown', () => {
    const { markdown, summary, verdict } = render([base], [run(2.5, { 4: 2.75, 6: 2.625 }, 'b')]);
    expect(verdict).toBe('cannotTell');
    expect(summary).toBe(
      'Cannot tell whether growth changed by more than chance (parity at 6 of 8 blocks in base, not reached in head)',
    );
    expect(markdown).toMatch(
      /^## ❔ Cannot tell.*\n\nFull report: <https:.*>\n\n\*\*Next:\*\* run several seeds/,
    );
    expect(markdown).toContain(
      '| **Blocks for parity** | at 6 of 8 blocks | not reached | – | – | unknown: one seed on each side |',
    );
    expect(markdown).toContain(
      '| target 6 blocks | 2.2500 | 2.6250 | +0.3750 | – | unknown: one seed on each side',
    );
    expect(markdown).toContain('| scratch | 3.5000 | 3.5000 | 0.0000 | – | baseline, not judged |');
  });

  it('a depth that one side has alone has no counterpart', () => {
    const { markdown } = render([base], [run(2.5, { 4: 2.25 }, 'b')]);
    expect(markdown).toContain('| **Blocks for parity** | at 6 of 8 blocks | at 4 of 8 blocks | −2 | – |');
    expect(markdown).toContain('| target 6 blocks | 2.2500 | – | – | – | on one side only |');
  });

  it('the same run is no regression', () => {
    const { markdown, summary, verdict } = render([base], [base]);
    expect([verdict, summary]).toEqual([
      'noRegression',
      'No regression: reference and targets are the same (parity at 6 of 8 blocks in base, at 6 of 8 blocks in head)',
    ]);
    expect(markdown).toContain('| target 4 blocks | 2.6250 | 2.6250 | 0.0000 | – | identical |');
  });

  it('another device is named, and nothing is judged', () => {
    const { markdown, verdict } = render(
      [base],
      [{ ...base, environment: { ...environment, device: 'GPU' } }],
    );
    expect(verdict).toBe('incomparable');
    expect(markdown).toMatch(/^## ⚠️ Incomparable: environment device differs/);
  });
});

it('several seeds: means, interval, p and verdict of each model', () => {
  const seeds = (rise: number, name: string) =>
    [0, 1, 2, 3].map((i) => run(2.5 + i / 1000, { 4: 2.25 + rise + i / 1000 }, name + String(i)));
  const sides = [seeds(0, 'a'), seeds(0.1, 'b')] as unknown as [GrowthSides['base'], GrowthSides['head']];
  const { markdown, summary, verdict } = render(...sides);
  expect(verdict).toBe('regression');
  expect(summary).toMatch(/^Regression of the validation loss of target 4 blocks/);
  expect(markdown).toMatch(
    /\| target 4 blocks \(mean of 4 and 4 seeds\) \| 2\.2515 \| 2\.3515 \| \+0\.1000 \[\+0\.09\d+, \+0\.10\d+\] \| < 0\.0001 \| \*\*regression\*\* \|/,
  );
  expect(markdown).toMatch(/\| reference \(mean of 4 and 4 seeds\) .* \| no rise above 0\.020 \|/);
});
