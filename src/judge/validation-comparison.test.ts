import { describe, expect, it } from 'vitest';
import { makeBinaryTask, makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import { judge } from './judgement.ts';
import { compareValidation } from './validation-comparison.ts';

const gates = { maximumDropPoints: 1, confidence: 0.95 };
const same = makeEvaluation({ boolq: makeBinaryTask('boolq', [1, 0, 1]) });

describe('compareValidation', () => {
  it('equals scipy.stats.ttest_ind with equal variances', () => {
    // scipy.stats.ttest_ind([2.93, 2.95, 2.91, 2.97], [2.90, 2.92, 2.89])
    const result = compareValidation({ base: [2.9, 2.92, 2.89], head: [2.93, 2.95, 2.91, 2.97] }, 0.95, 1);
    if (result.status !== 'compared') throw new Error(result.status);
    expect(result.difference).toBeCloseTo(0.036666666666666, 12);
    expect(result.pValue).toBeCloseTo(0.08303599117892728, 9);
    expect(result.interval.lower).toBeCloseTo(-0.006940720095328055, 9);
    expect(result.interval.upper).toBeCloseTo(0.08027405342866131, 9);
    expect(result.seeds).toEqual({ base: 3, head: 4 });
  });

  it('one new run can be judged against several old ones', () => {
    const result = compareValidation({ base: [3.0, 3.01, 2.99], head: [3.2] }, 0.95, 1);
    expect(result).toMatchObject({ status: 'compared', seeds: { base: 3, head: 1 } });
  });

  it('with one seed on each side the spread is unknown, however far apart they are', () => {
    expect(compareValidation({ base: [3], head: [9] }, 0.95, 1)).toMatchObject({
      status: 'unknown',
      difference: 6,
      reason: expect.stringContaining('one seed') as string,
    });
  });

  it('copies of one run are no seeds', () => {
    expect(compareValidation({ base: [3, 3], head: [3, 3] }, 0.95, 1)).toMatchObject({ status: 'unknown' });
  });

  it('a missing side is named, and NaN is refused', () => {
    expect(compareValidation({ base: [3], head: [] }, 0.95, 1)).toMatchObject({ reason: 'head has none' });
    expect(() => compareValidation({ base: [3], head: [Number.NaN] }, 0.95, 1)).toThrow('NaN');
  });
});

describe('judge on validation losses', () => {
  it('a rise far beyond the seed spread is a regression of the report', () => {
    const validation = { base: [3.0, 3.005, 2.995], head: [3.3, 3.305, 3.295] };
    const { overall, validation: verdict } = judge(same, same, gates, { validation });
    expect(verdict).toMatchObject({ decision: { state: 'regression' } });
    expect(overall).toMatchObject({ state: 'regression', tasks: [], pooledDrop: false, lossRise: true });
  });

  it('a rise surely smaller than the accepted one is none', () => {
    const validation = { base: [3.0, 3.0005, 2.9995], head: [3.002, 3.0025, 3.0015] };
    expect(judge(same, same, gates, { validation }).validation).toMatchObject({
      decision: { state: 'noRegressionLargerThan', nats: 0.02 },
    });
  });

  it('a wide spread cannot tell and says what it could have seen', () => {
    const validation = { base: [3.0, 3.3], head: [3.1, 3.4] };
    const { validation: verdict } = judge(same, same, gates, { validation });
    expect(verdict).toMatchObject({ decision: { state: 'cannotTell' } });
    if (verdict.status !== 'compared' || verdict.decision.state !== 'cannotTell')
      throw new Error('not reached');
    expect(verdict.decision.smallestDetectableNats).toBeGreaterThan(0.3);
  });

  it('is in the family: its place makes the others stricter', () => {
    const head = makeEvaluation({ boolq: makeBinaryTask('boolq', [0, 0, 0]) });
    const alone = judge(same, head, gates).tasks[0];
    const beside = judge(same, head, gates, { validation: { base: [1, 2], head: [1, 3] } }).tasks[0];
    if (alone === undefined || beside === undefined || !('compared' in alone) || !('compared' in beside))
      throw new Error('not reached');
    expect(beside.adjustedPValue).toBeGreaterThanOrEqual(alone.adjustedPValue);
  });

  it('is left alone where the environments differ', () => {
    const other = { ...same, environment: { ...same.environment, device: 'GPU' } };
    expect(judge(same, other, gates, { validation: { base: [1, 2], head: [3, 4] } }).validation.status).toBe(
      'absent',
    );
  });
});
