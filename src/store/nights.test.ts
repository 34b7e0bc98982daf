import { describe, expect, it } from 'vitest';
import { decideNight, MOST_NIGHTS, planNights } from './nights.ts';
import type { KnownNights } from './nights.ts';
import type { RecordEntry } from './record-path.ts';

const run = (createdAt: string): RecordEntry => ({
  ...{ path: `runs/nightly/${createdAt}`, name: 'nightly', commit: 'a'.repeat(40), createdAt },
});
const known = (nights: readonly string[] = [], taken: readonly RecordEntry[] = []): KnownNights => ({
  nights: new Set(nights),
  tookIn: ({ path }) => taken.some((one) => one.path === path),
});
const states = (plans: ReturnType<typeof planNights>): string[] =>
  plans.map(({ night, state, run: found }) => `${night} ${state} ${found?.createdAt.slice(8, 10) ?? '-'}`);

describe('planNights', () => {
  it('catches up missed nights, each with the newest run made in it', () => {
    const runs = [run('2026-03-01T02:00:00Z'), run('2026-03-03T02:00:00Z'), run('2026-03-03T05:00:00Z')];
    expect(states(planNights(runs, known(), '2026-03-04'))).toEqual([
      '2026-03-01 judged 01',
      '2026-03-02 nothingNew 01',
      '2026-03-03 judged 03',
      '2026-03-04 nothingNew 03',
    ]);
    const before = known(['2026-03-01', '2026-03-02'], [runs[0]!]);
    expect(planNights(runs, before, '2026-03-03')).toEqual([
      { night: '2026-03-03', state: 'judged', run: runs[2], runs: [runs[1], runs[2]] },
    ]);
  });

  it('adds nothing to a complete ledger, however often it is asked', () => {
    const runs = [run('2026-03-01T02:00:00Z')];
    expect(planNights(runs, known(['2026-03-01'], runs), '2026-03-01')).toEqual([]);
  });

  it('judges a run that was recorded after its night was entered, be it older or newer than the one judged then', () => {
    const [older, entered, newer] = ['01:00', '02:00', '03:00'].map((time) => run(`2026-03-01T${time}:00Z`));
    const nights = ['2026-03-01', '2026-03-02'];
    for (const late of [older!, newer!])
      expect(planNights([entered!, late], known(nights, [entered!]), '2026-03-02')).toEqual([
        { night: '2026-03-01', state: 'judged', run: late, runs: [late] },
      ]);
    // A night that was entered without a run has one after all.
    expect(planNights([entered!], known(nights), '2026-03-02')).toMatchObject([{ night: '2026-03-01' }]);
  });

  it('the first night without any run is one with nothing', () => {
    expect(planNights([], known(), '2026-03-01')).toEqual([
      { night: '2026-03-01', state: 'nothingNew', run: undefined },
    ]);
  });

  it('months and leap days count', () => {
    expect(states(planNights([run('2028-02-28T00:00:00Z')], known(), '2028-03-01'))).toHaveLength(3);
  });

  it('after a long rest only the newest nights are caught up', () => {
    const plans = planNights([run('2020-01-01T00:00:00Z')], known(), '2026-03-01');
    expect(plans).toHaveLength(MOST_NIGHTS);
    expect(plans.at(-1)?.night).toBe('2026-03-01');
  });

  it('a run after the night in question belongs to no earlier night', () => {
    expect(states(planNights([run('2026-03-05T00:00:00Z')], known(['2026-03-01']), '2026-03-02'))).toEqual([
      '2026-03-02 nothingNew -',
    ]);
  });
});

describe('decideNight', () => {
  const last = { recipeHash: 'r', commit: 'c'.repeat(40), createdAt: '2026-03-01T02:00:00Z' };

  it('the same recipe and commit compute nothing new, and say so', () => {
    expect(decideNight({ recipeHash: 'r', commit: last.commit }, last)).toEqual({
      ...{ due: false, text: 'Nothing new since 2026-03-01 (cccccccccc): 0 GPU-minutes.' },
    });
  });

  it.each([
    ['no run yet', { recipeHash: 'r', commit: 'd' }, undefined, /no run/],
    ['another recipe', { recipeHash: 's', commit: last.commit }, last, /recipe changed/],
    ['another commit', { recipeHash: 'r', commit: 'd'.repeat(40) }, last, /dddddddddd is checked out/],
    ['an unknown commit', { recipeHash: 'r', commit: undefined }, last, /not known/],
  ])('%s is a reason to run', (_, tonight, before, text) => {
    const decision = decideNight(tonight, before);
    expect(decision.due).toBe(true);
    expect(decision.text).toMatch(text);
  });
});
