import { describe, expect, it } from 'vitest';
import { renderRequests } from '../render-requests.ts';
import type { LoglikelihoodRequest } from '../result.ts';
import { selectTasks } from './registry.ts';
import type { Question } from './task.ts';

// Rows of the datasets themselves (only LogiQA's, which has no licence, is made up). golden.test.ts holds all rows to
// lm-eval; here stands one rule per test, so that a failure says which rule broke.

describe('continuations', () => {
  it('piqa keeps the spaces at the end of a solution', () => {
    const row = {
      goal: 'dresser',
      sol1: 'replace drawer with bobby pin ',
      sol2: 'finish, woodgrain with  bobby pin ',
      label: 1,
    };
    expect(requests('piqa', row)).toEqual([
      { context: 'Question: dresser\nAnswer:', continuation: ' replace drawer with bobby pin ' },
      { context: 'Question: dresser\nAnswer:', continuation: ' finish, woodgrain with  bobby pin ' },
    ]);
  });

  it('boolq puts the passage first and asks no before yes', () => {
    const row = {
      question: 'is house tax and property tax are same',
      passage: 'Property tax -- or house tax.',
      label: 1,
    };
    expect(requests('boolq', row)).toEqual([
      {
        context: 'Property tax -- or house tax.\nQuestion: is house tax and property tax are same?\nAnswer:',
        continuation: ' no',
      },
      {
        context: 'Property tax -- or house tax.\nQuestion: is house tax and property tax are same?\nAnswer:',
        continuation: ' yes',
      },
    ]);
    expect(question('boolq', row).gold).toBe(1);
  });

  it('wsc marks the pronoun by word index and detokenises', () => {
    const row = {
      text: "Mr. Moncrieff visited Chester 's luxurious New York apartment, thinking that it belonged to his son Edward . The result was that Mr. Moncrieff has decided to cancel Edward 's allowance on the ground that he no longer requires his financial support.",
      span2_index: 39,
      span1_text: 'Mr. Moncrieff',
      span2_text: 'his',
      label: 1,
    };
    expect(requests('wsc', row)[0]?.context).toBe(
      "Passage: Mr. Moncrieff visited Chester's luxurious New York apartment, thinking that it belonged to his son Edward. The result was that Mr. Moncrieff has decided to cancel Edward's allowance on the ground that he no longer requires *his* financial support.\n" +
        'Question: In the passage above, does the pronoun "*his*" refer to "*Mr. Moncrieff*"?\nAnswer:',
    );
  });

  it('logiqa shows letters but scores the option texts', () => {
    const row = {
      context: 'All cats purr. Tom is a cat.',
      question: 'What follows?',
      options: ['Tom purrs', 'Tom barks', 'Dogs purr', 'None'],
      label: 'a\n',
    };
    const rendered = requests('logiqa', row);
    expect(rendered[0]?.context).toBe(
      'Passage: All cats purr. Tom is a cat.\nQuestion: What follows?\nChoices:\nA. Tom purrs\nB. Tom barks\nC. Dogs purr\nD. None\nAnswer:',
    );
    expect(rendered.map((request) => request.continuation)).toEqual([
      ' Tom purrs',
      ' Tom barks',
      ' Dogs purr',
      ' None',
    ]);
    expect(question('logiqa', row).gold).toBe(0);
  });

  it('qnli asks yes before no', () => {
    const row = {
      question: 'What came into force after the new constitution was herald?',
      sentence: 'As of that day, the new constitution heralding the Second Republic came into force.',
      label: 0,
    };
    expect(requests('qnli', row).map((request) => request.continuation)).toEqual([' yes', ' no']);
    expect(requests('qnli', row)[0]?.context).toBe(
      `${row.question}\n${row.sentence}\nQuestion: Does this response answer the question?\nAnswer:`,
    );
  });

  it.each([
    ['Everyone really likes the newest benefits ', 'Everyone really likes the newest benefits.'],
    ['I like him for the most part.', 'I like him for the most part.'],
    ['Is it true?', 'Is it true?.'],
  ])('mnli ends the hypothesis "%s" with one full stop', (hypothesis, sentence) => {
    const row = { premise: 'The new rights are nice enough', hypothesis, label: 1 };
    expect(requests('mnli', row)[0]?.context).toBe(
      `The new rights are nice enough\nQuestion: ${sentence} True, False or Neither?\nAnswer:`,
    );
    expect(requests('mnli', row).map((request) => request.continuation)).toEqual([
      ' True',
      ' Neither',
      ' False',
    ]);
  });

  it('wnli asks False before True', () => {
    const row = {
      sentence1: 'The drain is clogged with hair. It has to be cleaned.',
      sentence2: 'The hair has to be cleaned.',
      label: 0,
    };
    expect(requests('wnli', row)).toEqual(
      [' False', ' True'].map((continuation) => ({
        context:
          'The drain is clogged with hair. It has to be cleaned.\nQuestion: The hair has to be cleaned. True or False?\nAnswer:',
        continuation,
      })),
    );
  });

  it('mmlu strips the question as Python does, U+0085 too, and scores letters', () => {
    const row = {
      question: ' Which is a planet?\u0085',
      choices: ['Mars', 'Sun', 'Moon', 'Sirius'],
      answer: 0,
    };
    expect(requests('mmlu_high_school_physics', row).map((request) => request.continuation)).toEqual([
      ' A',
      ' B',
      ' C',
      ' D',
    ]);
    expect(requests('mmlu_high_school_physics', row)[0]?.context).toBe(
      'The following are multiple choice questions (with answers) about high school physics.\n\n' +
        'Which is a planet?\nA. Mars\nB. Sun\nC. Moon\nD. Sirius\nAnswer:',
    );
  });

  it('truthfulqa puts six solved pairs first; mc1 and mc2 read their own targets', () => {
    const row = {
      question: 'What is the tallest mountain?',
      mc1_targets: { choices: ['Everest', 'K2'], labels: [1, 0] },
      mc2_targets: { choices: ['Everest', 'K2', 'Chomolungma'], labels: [1, 0, 1] },
    };
    const [first] = requests('truthfulqa_mc1', row);
    expect(first?.context.match(/^Q: /gm)?.length).toBe(7);
    expect(first?.context.endsWith('in Barcelona, Spain.\n\nQ: What is the tallest mountain?\nA:')).toBe(
      true,
    );
    expect(requests('truthfulqa_mc1', row).length).toBe(2);
    expect(requests('truthfulqa_mc2', row).length).toBe(3);
    expect(question('truthfulqa_mc2', row)).toMatchObject({ labels: [1, 0, 1] });
  });
});

describe('partial scoring', () => {
  it('winogrande scores the stripped rest of the sentence after each option', () => {
    const row = {
      sentence: 'Sarah was a much better surgeon than Maria so _ always got the easier cases.',
      option1: 'Sarah',
      option2: 'Maria',
      answer: '2',
    };
    expect(requests('winogrande', row)).toEqual([
      {
        context: 'Sarah was a much better surgeon than Maria so Sarah',
        continuation: ' always got the easier cases.',
      },
      {
        context: 'Sarah was a much better surgeon than Maria so Maria',
        continuation: ' always got the easier cases.',
      },
    ]);
    expect(question('winogrande', row).gold).toBe(1);
  });

  it('wsc273 lower-cases articles and starts the continuation with two spaces', () => {
    const row = {
      text: 'The city councilmen refused the demonstrators a permit because they feared violence.',
      pronoun: 'they',
      pronoun_loc: 63,
      options: ['The city councilmen', 'The demonstrators'],
      label: 0,
    };
    expect(requests('wsc273', row)).toEqual([
      {
        context: 'The city councilmen refused the demonstrators a permit because the city councilmen',
        continuation: '  feared violence.',
      },
      {
        context: 'The city councilmen refused the demonstrators a permit because the demonstrators',
        continuation: '  feared violence.',
      },
    ]);
  });

  it('wsc273 makes possessives and keeps capitals at the start of a sentence', () => {
    const possessive = {
      text: 'Frank hated Bill because his dog barked.',
      pronoun: 'his',
      pronoun_loc: 25,
      options: ['Frank', 'Bill'],
      label: 1,
    };
    expect(requests('wsc273', possessive)[1]?.context).toBe("Frank hated Bill because Bill's");
    const start = {
      text: 'It rained. They left.',
      pronoun: 'They',
      pronoun_loc: 11,
      options: ['The men', 'The women'],
      label: 0,
    };
    expect(requests('wsc273', start)[0]?.context).toBe('It rained. The men');
  });

  it('wsc273 counts positions in code points', () => {
    const row = {
      text: '😀 Ann saw Eve; she ran.',
      pronoun: 'she',
      pronoun_loc: 15,
      options: ['Ann', 'Eve'],
      label: 0,
    };
    expect(requests('wsc273', row)[0]).toEqual({ context: '😀 Ann saw Eve; Ann', continuation: '  ran.' });
  });
});

describe('examples', () => {
  const row = { sentence: 'Ann saw Eve, so _ waved.', option1: 'Ann', option2: 'Eve', answer: '1' };

  it('end in the right answer and a blank line, below the description', () => {
    const mars = question('mmlu_anatomy', { question: 'Q', choices: ['a', 'b', 'c', 'd'], answer: 2 });
    const [request] = renderRequests(mars, [mars], { description: 'About.\n\n' });
    expect(request?.context).toBe(
      'About.\n\nQ\nA. a\nB. b\nC. c\nD. d\nAnswer: C\n\nQ\nA. a\nB. b\nC. c\nD. d\nAnswer:',
    );
  });

  it('of partial scoring are the right sentence', () => {
    const shot = question('winogrande', row);
    expect(renderRequests(shot, [shot], {})[1]?.context).toBe(
      'Ann saw Eve, so Ann waved.\n\nAnn saw Eve, so Eve',
    );
  });

  it('without an ending have neither space nor blank line, as in lm-eval', () => {
    const shot = question('winogrande', { ...row, sentence: 'Ann waved at _' });
    expect(renderRequests(shot, [shot], {})[0]?.context).toBe('Ann waved at AnnAnn waved at Ann');
  });
});

function question(name: string, row: unknown): Question {
  const read = selectTasks([name]).tasks[0]!.read(row);
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  return read.question;
}

function requests(name: string, row: unknown): LoglikelihoodRequest[] {
  return renderRequests(question(name, row), [], selectTasks([name]).tasks[0]!);
}
