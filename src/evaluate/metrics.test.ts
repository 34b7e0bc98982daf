import { describe, expect, it } from 'vitest';
import {
  accuracy,
  firstMaximum,
  margin,
  mean,
  normalisedAccuracy,
  pooledStandardError,
  standardError,
  truthMass,
} from './metrics.ts';
import type { Question } from './tasks/task.ts';

const drawer: Question = {
  kind: 'continuations',
  context: 'Question: dresser\nAnswer:',
  choices: ['replace drawer with bobby pin ', 'finish, woodgrain with  bobby pin '],
  gold: 1,
};
const bank: Question = {
  kind: 'continuations',
  context: 'Q: What happens if you smash a mirror?\nA:',
  choices: ['You break it', 'You get seven years of bad luck', 'The mirror shatters', 'Nothing'],
  gold: 0,
  labels: [1, 0, 1, 0],
};

describe('firstMaximum', () => {
  it.each([
    [[-2, -1, -3], 1],
    [[-1, -2, -1], 0],
    [[-5, -5], 0],
    [[-5], 0],
  ])('of %j is %i: ties go to the lowest index', (values, index) => {
    expect(firstMaximum(values)).toBe(index);
  });
});

describe('acc', () => {
  it('is 1 where the right choice is highest, 0 where it only ties', () => {
    expect(accuracy.ofItem(drawer, [-20, -19])).toBe(1);
    expect(accuracy.ofItem(drawer, [-20, -20])).toBe(0);
  });
});

describe('acc_norm', () => {
  it('divides by characters: the longer choice wins with the lower sum', () => {
    expect(accuracy.ofItem(drawer, [-30, -33])).toBe(0);
    expect(normalisedAccuracy.ofItem(drawer, [-30, -33])).toBe(1); // 30 characters at -1.0 against 34 at -0.97
  });

  it('counts code points, not UTF-16 units', () => {
    const question: Question = { kind: 'continuations', context: 'c', choices: ['😀😀', 'abc'], gold: 1 };
    expect(normalisedAccuracy.ofItem(question, [-2.2, -3])).toBe(1); // -1.1 against -1.0; by units -0.55 would win
  });
});

describe('mc2', () => {
  it('is the true choices’ share of the probability, wherever they stand', () => {
    const value = truthMass.ofItem(bank, [0.1, 0.2, 0.3, 0.4].map(Math.log));
    expect(value).toBeCloseTo(0.4, 12);
  });

  it('does not underflow', () => {
    expect(truthMass.ofItem(bank, [-1000, -1000, -1000, -1000])).toBe(0.5);
  });
});

describe('margin', () => {
  it('is the right choice minus the best other', () => {
    expect(margin({ ...drawer, choices: ['a', 'b', 'c'] }, [-4, -2.5, -3])).toBe(0.5);
    expect(margin(drawer, [-1, -3])).toBe(-2);
  });

  it('is undefined for several true choices and for a single choice', () => {
    expect(margin(bank, [-1, -2, -3, -4])).toBeUndefined();
    expect(margin({ ...drawer, choices: ['a'], gold: 0 }, [-1])).toBeUndefined();
  });
});

describe('standard errors', () => {
  it('use n - 1', () => {
    expect(mean([1, 0, 1, 1])).toBe(0.75);
    expect(standardError([1, 0, 1, 1])).toBeCloseTo(0.25, 12);
  });

  it('are N/A for one document', () => {
    expect(standardError([1])).toBe('N/A');
    expect(
      pooledStandardError([
        { stderr: 'N/A', docs: 1 },
        { stderr: 0.1, docs: 9 },
      ]),
    ).toBe('N/A');
  });

  it('pool over parts by lm-eval’s formula', () => {
    // lm_eval.api.metrics.pooled_sample_stderr([0.03, 0.05], [100, 40]) in Python
    expect(
      pooledStandardError([
        { stderr: 0.03, docs: 100 },
        { stderr: 0.05, docs: 40 },
      ]),
    ).toBeCloseTo(0.02574963064319311, 14);
  });
});
