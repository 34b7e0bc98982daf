import { describe, expect, it } from 'vitest';
import { fewShotSampler, shotsFor } from './few-shot.ts';
import { readQuestions } from './load-rows.ts';
import type { LoadedQuestion } from './load-rows.ts';
import { PythonRandom } from './python-random.ts';
import { selectTasks } from './tasks/registry.ts';
import type { Task } from './tasks/task.ts';

// golden.test.ts holds the draws for wnli, wsc and wsc273 to lm-eval's own over all documents.

describe('shotsFor', () => {
  it('is the task’s own number unless another is asked for', () => {
    expect([shotsFor(task('piqa'), undefined), shotsFor(task('mmlu_anatomy'), undefined)]).toEqual([0, 5]);
    expect([shotsFor(task('piqa'), 3), shotsFor(task('mmlu_anatomy'), 0)]).toEqual([3, 0]);
  });

  it('stays 0 for TruthfulQA', () => {
    expect(shotsFor(task('truthfulqa_mc2'), 5)).toBe(0);
  });

  it.each([-1, 0.5])('refuses %s', (asked) => {
    expect(() => shotsFor(task('piqa'), asked)).toThrow(`The few-shot number ${String(asked)}`);
  });
});

describe('random-other', () => {
  const pool = rows(30);

  it('draws one more than it keeps, and one generator serves all documents', () => {
    const sample = fewShotSampler(task('wnli'), 3, pool);
    const random = new PythonRandom(1234);
    for (let document = 0; document < 4; document++) {
      const expected = random.sample(pool, 4).slice(0, 3);
      expect(sample(row('not in the pool'))).toEqual(expected.map((drawn) => drawn.question));
    }
  });

  it('drops the document itself', () => {
    const first = new PythonRandom(1234).sample(pool, 4);
    const drawn = fewShotSampler(task('wnli'), 3, pool)(first[1]!);
    expect(drawn).toEqual([first[0], first[2], first[3]].map((entry) => entry!.question));
  });

  it('draws again without the document’s copies where they leave too few', () => {
    const copies = [...Array.from({ length: 8 }, () => row('copy')), row('a'), row('b'), row('c')];
    const random = new PythonRandom(1234);
    random.sample(copies, 4);
    const expected = random.sample(copies.slice(8), 3);
    expect(fewShotSampler(task('wnli'), 3, copies)(row('copy'))).toEqual(
      expected.map((drawn) => drawn.question),
    );
  });

  it('refuses a pool smaller than its draw', () => {
    expect(() => fewShotSampler(task('wnli'), 5, rows(5))).toThrow(
      'wnli with 5 few-shot examples draws 6 rows, but its train file has 5.',
    );
  });
});

it('random draws exactly k and may draw the document itself', () => {
  const pool = rows(6);
  const drawn = fewShotSampler(task('wsc273'), 6, pool)(pool[0]!);
  expect(drawn).toContain(pool[0]!.question);
  expect(drawn).toEqual(new PythonRandom(1234).sample(pool, 6).map((entry) => entry.question));
});

it('first takes the first k in order', () => {
  const pool = rows(5);
  expect(fewShotSampler(task('mmlu_anatomy'), 2, pool)(pool[0]!)).toEqual([
    pool[0]!.question,
    pool[1]!.question,
  ]);
});

function rows(count: number): LoadedQuestion[] {
  return Array.from({ length: count }, (_, index) => row(`The drain ${String(index)} is clogged with hair.`));
}

function row(sentence1: string): LoadedQuestion {
  const value = { sentence1, sentence2: 'The hair has to be cleaned.', label: 0 };
  return readQuestions(task('wnli'), [{ file: 'wnli.train.jsonl', line: 1, value }])[0]!;
}

function task(name: string): Task {
  return selectTasks([name]).tasks[0]!;
}
