import { describe, expect, it } from 'vitest';
import { RULES } from '../../benchmarks/judge/rules.ts';
import { runStudy } from '../../benchmarks/judge/study.ts';

// A reduced version of `npm run bench:judge`: 30 items of each task and subject.
const [identical, small, large] = runStudy({
  limit: 30,
  nullReports: 300,
  reports: 40,
  drops: [0.02, 0.15],
  seed: 7,
});

describe('the simulation study', () => {
  it('at most 5 % of the reports about identical models are false alarms', () => {
    // Both settings; 300 reports at a rate of 5 % would show 8 % or more in one case of a hundred.
    expect(identical?.drop).toBe(0);
    expect(identical?.alarms['judge']).toBeLessThanOrEqual(0.05);
    expect(identical?.alarms['judge0']).toBeLessThanOrEqual(0.05);
  });

  it('says that it cannot tell where few items show nothing, instead of passing', () => {
    expect(identical?.undecided['judge']).toBeGreaterThan(0.9);
  });

  it('a drop of 15 points on every task is caught, one of 2 points on so few items hardly ever', () => {
    expect(large?.alarms['judge']).toBeGreaterThan(0.95);
    expect(small?.alarms['judge']).toBeLessThan(0.5);
  });

  it('fixed tolerances cry wolf on the same draws', () => {
    expect(identical?.alarms['relative5']).toBeGreaterThan(0.5);
    expect(identical?.alarms['relative8']).toBeGreaterThan(0.5);
    expect(Object.keys(identical?.alarms ?? {})).toEqual(RULES.map(({ name }) => name));
  });
});
