import { describe, expect, it } from 'vitest';
import { taskRows } from '../../../test/support/task-rows.ts';
import { EvaluateError } from '../evaluate-error.ts';
import { prepareTask } from '../prepare-task.ts';
import { selectTasks, taskNames } from './registry.ts';

describe('selectTasks', () => {
  it('expands the paper’s nine', () => {
    expect(names(['nine'])).toEqual([
      'wsc',
      'piqa',
      'boolq',
      'winogrande',
      'logiqa',
      'wnli',
      'qnli',
      'mnli',
      'truthfulqa_mc2',
    ]);
  });

  it('expands mmlu to 57 subjects and five groups', () => {
    const { tasks, groups } = selectTasks(['mmlu']);
    expect(tasks.length).toBe(57);
    expect([...groups].map(([name, members]) => [name, members.length])).toEqual([
      ['mmlu', 57],
      ['mmlu_stem', 19],
      ['mmlu_other', 13],
      ['mmlu_social_sciences', 12],
      ['mmlu_humanities', 13],
    ]);
  });

  it('takes one part of mmlu', () => {
    const { tasks, groups } = selectTasks(['mmlu_humanities']);
    expect(tasks.length).toBe(13);
    expect([...groups.keys()]).toEqual(['mmlu_humanities']);
  });

  it('takes each task once, in the order asked for', () => {
    expect(names(['piqa', 'nine', 'mmlu_anatomy', 'piqa']).slice(0, 3)).toEqual(['piqa', 'wsc', 'boolq']);
    expect(names(['piqa', 'nine', 'mmlu_anatomy', 'piqa']).length).toBe(10);
  });

  it('makes no group of a single subject', () => {
    expect(selectTasks(['mmlu_anatomy']).groups.size).toBe(0);
  });

  it.each([
    ['piqaa', 'Did you mean piqa?'],
    ['WinoGrande', 'Did you mean winogrande?'],
    ['truthfulqa', 'Did you mean truthfulqa_mc1, truthfulqa_mc2?'],
    ['mmlu_anatomie', 'Did you mean mmlu_anatomy'],
  ])('suggests near names for %s', (name, hint) => {
    expect(() => selectTasks([name])).toThrow(hint);
  });

  it('names all tasks where none is near, with exit code 2', () => {
    try {
      selectTasks(['constructor']);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(EvaluateError);
      const { message, code, exitCode } = error as EvaluateError;
      expect([code, exitCode]).toEqual(['unknown-task', 2]);
      expect(message).toMatch(/^There is no task "constructor"\./);
      for (const known of taskNames()) expect(message).toContain(known);
    }
  });

  it('refuses an empty list', () => {
    expect(() => selectTasks([])).toThrow('No task was named.');
  });
});

const singles = selectTasks(['nine', 'wsc273', 'truthfulqa_mc1']).tasks;

it.each(singles)('$name says whether its right answers always stand first', async (task) => {
  const prepared = await prepareTask(task, taskRows, {});
  if (prepared.status !== 'ready') throw new Error(prepared.reason);
  expect(prepared.items.every(({ question }) => question.gold === 0)).toBe(task.rightFirst === true);
});

function names(asked: string[]): string[] {
  return selectTasks(asked).tasks.map((task) => task.name);
}
