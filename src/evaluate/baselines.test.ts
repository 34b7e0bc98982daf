import { expect, it } from 'vitest';
import { baselinesOf } from './baselines.ts';
import type { Question } from './tasks/task.ts';

const asked = (gold: number, labels?: number[]): Question => ({
  kind: 'continuations',
  context: 'c',
  choices: labels?.map(String) ?? ['no', 'yes'],
  gold,
  ...(labels === undefined ? {} : { labels }),
});

it('is one over the number of choices for guessing, and the majority answer’s share', () => {
  expect(baselinesOf([asked(0), asked(1), asked(0), asked(0)])).toEqual({ uniform: 0.5, constant: 0.75 });
});

it('takes the place of an answer where each item has answers of its own', () => {
  const question = (gold: number, ...contexts: string[]): Question => ({
    ...{ kind: 'contexts', contexts, continuation: 'ran', gold },
  });
  const questions = [question(1, 'Ann', 'Eve'), question(1, 'Bo', 'Cy'), question(0, 'Di', 'Flo')];
  expect(baselinesOf(questions)).toEqual({ uniform: 0.5, constant: 2 / 3 });
});

it('has no constant answer where the right one always stands first', () => {
  expect(baselinesOf([asked(0), asked(0)], true)).toEqual({ uniform: 0.5, constant: null });
});

it('is the share of true choices for mc2', () => {
  expect(baselinesOf([asked(0, [1, 1, 0, 0]), asked(0, [1, 0, 0, 0])], true).uniform).toBe(0.375);
});
