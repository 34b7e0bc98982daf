import { expect, it } from 'vitest';
import { baselinesOf } from './baselines.ts';
import type { Question } from './tasks/task.ts';

const answers = ['no', 'yes'];
const asked = (gold: number, labels?: number[]): Question => ({
  kind: 'continuations',
  context: 'c',
  choices: labels?.map(String) ?? answers,
  gold,
  ...(labels === undefined ? {} : { labels }),
});

it('is one over the number of choices for guessing, and the majority answer’s share', () => {
  expect(baselinesOf([asked(0), asked(1), asked(0), asked(0)], answers)).toEqual({
    uniform: 0.5,
    constant: 0.75,
  });
});

it('has no constant answer where the answers belong to the row', () => {
  expect(baselinesOf([asked(0), asked(0)], undefined)).toEqual({ uniform: 0.5, constant: null });
});

it('is the share of true choices for mc2', () => {
  expect(baselinesOf([asked(0, [1, 1, 0, 0]), asked(0, [1, 0, 0, 0])], undefined).uniform).toBe(0.375);
});

it('counts both options of partial scoring', () => {
  const question: Question = { kind: 'contexts', contexts: ['a', 'b'], continuation: 'c', gold: 1 };
  expect(baselinesOf([question], undefined).uniform).toBe(0.5);
});
