import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { prepareTask } from '../prepare-task.ts';
import { readCustomTask } from './custom-task.ts';

// That requests and scores equal lm-eval's for the two task files of the fixtures is tested in lm-eval-parity.test.ts.

const QUIZ = {
  task: 'quiz',
  dataset_path: 'quiz.jsonl',
  output_type: 'multiple_choice',
  test_split: 'test',
  doc_to_text: '{{question}}\nAnswer:',
  doc_to_choice: '{{options}}',
  doc_to_target: 'answer',
};
const BEES = { question: 'What do bees make?', options: ['honey', 'silk'], answer: 0 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custom-'));
  await writeFile(join(folder, 'quiz.jsonl'), `${JSON.stringify(BEES)}\n`);
});
afterEach(() => rm(folder, { recursive: true }));

async function prepared(definition: object, places: { cwd?: string; data?: string } = {}) {
  const file = join(folder, 'quiz.yaml');
  await writeFile(file, stringify(definition));
  const { task, loadRows } = await readCustomTask(file, { cwd: tmpdir(), ...places });
  const ready = await prepareTask(task, loadRows, {});
  if (ready.status !== 'ready') throw new Error(ready.reason);
  return ready;
}

async function rowsAre(...rows: unknown[]): Promise<void> {
  await writeFile(join(folder, 'quiz.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

describe('readCustomTask', () => {
  it('renders a question beside the file', async () => {
    const { items, shots, task } = await prepared(QUIZ);
    expect(items[0]!.requests).toEqual([
      { context: 'What do bees make?\nAnswer:', continuation: ' honey' },
      { context: 'What do bees make?\nAnswer:', continuation: ' silk' },
    ]);
    expect([items[0]!.question.gold, shots, task.version]).toEqual([0, 0, 1]);
    expect(task.metrics.map(({ name }) => name)).toEqual(['acc', 'acc_norm']);
  });

  it.each([
    ['a list of columns', { doc_to_choice: '{{[options[1], options[0]]}}' }, [' silk', ' honey']],
    ['a list', { doc_to_choice: ['yes', 'no'] }, [' yes', ' no']],
    ['a map', { doc_to_choice: { a: 'yes', b: 'no' } }, [' yes', ' no']],
    ['a column by its name', { doc_to_choice: 'options' }, [' honey', ' silk']],
    ['another delimiter', { target_delimiter: '\n' }, ['\nhoney', '\nsilk']],
  ])('takes the choices from %s', async (_, change, continuations) => {
    const { items } = await prepared({ ...QUIZ, ...change });
    expect(items[0]!.requests.map(({ continuation }) => continuation)).toEqual(continuations);
  });

  it.each([
    ['a text of a column', { answer: 'silk' }, 'answer', 1],
    ['digits in a template', { answer: '1' }, '{{answer}}', 1],
    ['text in a template', { answer: ' silk' }, '{{answer.strip()}}', 1],
    ['a truth value', { answer: true }, 'answer', 1],
    ['a number in the file', {}, 1, 1],
  ])('finds the right answer by %s', async (_, change, target, gold) => {
    await rowsAre({ ...BEES, ...change });
    expect((await prepared({ ...QUIZ, doc_to_target: target })).items[0]!.question.gold).toBe(gold);
  });

  it('prints values as Python does, and keeps a newline at the end', async () => {
    await rowsAre({ ...BEES, level: 2, hard: false, source: null });
    const { items } = await prepared({ ...QUIZ, doc_to_text: '{{level}} {{hard}} {{source}}\n' });
    expect(items[0]!.requests[0]!.context).toBe('2 False None\n');
  });

  it('puts the description in front', async () => {
    const { items } = await prepared({ ...QUIZ, description: 'A quiz.\n\n' });
    expect(items[0]!.requests[0]!.context).toMatch(/^A quiz\.\n\nWhat/);
  });

  it.each([
    ['the file given as --data', { dataset_path: 'nowhere' }, { data: 'quiz.jsonl' }],
    ['<task>.jsonl in the folder given as --data', { dataset_path: undefined }, { data: '.' }],
    ['data_files', { dataset_path: 'json', dataset_kwargs: { data_files: { test: 'quiz.jsonl' } } }, {}],
  ])('takes rows from %s', async (_, change, { data }: { data?: string }) => {
    const places = data === undefined ? {} : { data: join(folder, data) };
    expect((await prepared({ ...QUIZ, ...change }, places)).items).toHaveLength(1);
  });

  it.each([
    [{ generation_kwargs: {} }, '"generation_kwargs" is not supported. Supported keys: task, dataset_path'],
    [{ metric_list: [{ metric: 'acc', kind: 1 }] }, '"metric_list.0.kind" is not supported'],
    [{ metric_list: [{ metric: 'f1' }] }, 'metric_list.0.metric is "f1"'],
    [{ output_type: 'generate_until' }, 'output_type is "generate_until"'],
    [{ num_fewshot: 5 }, 'num_fewshot is 5'],
    [{ doc_to_text: undefined }, 'the key "doc_to_text" is missing'],
    [{ test_split: undefined }, 'neither test_split nor validation_split is given'],
    [{ task: 'piqa' }, 'task is "piqa", the name of a built-in task'],
    [{ doc_to_text: '{% if a %}x{% endif %}' }, 'doc_to_text holds a {% … %}'],
    [{ doc_to_text: '{{ question | upper }}' }, 'doc_to_text uses the filter upper; only trim is supported'],
    [{ doc_to_text: '{{ question.lower() }}' }, 'doc_to_text calls a function; only .strip() is supported'],
    [{ doc_to_text: '{{ question + "?" }}' }, 'doc_to_text uses BinaryExpression'],
    [{ description: '{{ question }}' }, 'must be plain text, without {{ }}'],
    [{ dataset_path: 'other.jsonl' }, 'the rows of quiz were not found'],
    [{ dataset_kwargs: { data_files: 'quiz.jsonl' } }, 'data_files has no single file for the split test'],
  ])('refuses %j by name', async (change, message) => {
    const failure = prepared({ ...QUIZ, ...change });
    await expect(failure).rejects.toMatchObject({ code: 'bad-task-file', exitCode: 2 });
    await expect(failure).rejects.toThrow(message);
  });

  it.each([
    [{ question: undefined }, 'line 1: the column "question" is missing.'],
    [{ options: undefined }, 'line 1: the column "options" is missing.'],
    [{ answer: undefined }, 'line 1: the column "answer" is missing.'],
    [{ answer: 2 }, '"answer" must be the index or the text of one of the 2 choices, but it is 2.'],
    [{ answer: -1 }, '"answer" must be the index or the text of one of the 2 choices, but it is -1.'],
    [{ answer: 'wax' }, '"answer" must be the index or the text of one of the 2 choices, but it is "wax".'],
    [{ options: [] }, '"options" must give a list of texts, the choices, but it is [].'],
    [{ options: ['a', 1] }, '"options" must give a list of texts'],
    [{ question: ['a'] }, '"question" must be a text or a number to stand in a text'],
  ])('refuses a row with %j', async (change, message) => {
    await rowsAre({ ...BEES, ...change });
    const failure = prepared(QUIZ);
    await expect(failure).rejects.toMatchObject({ code: 'bad-row', exitCode: 2 });
    await expect(failure).rejects.toThrow(message);
  });

  it('refuses Python functions, other YAML faults and files that are not there', async () => {
    const file = join(folder, 'quiz.yaml');
    const read = () => readCustomTask(file, { cwd: folder });
    await expect(read()).rejects.toThrow(/The task file .*quiz\.yaml cannot be read/);
    await writeFile(file, 'doc_to_text: !function utils.text\n');
    await expect(read()).rejects.toThrow('a value is a !function, Python code');
    await writeFile(file, 'task: [\n');
    await expect(read()).rejects.toThrow('not YAML');
    await writeFile(file, '');
    await expect(read()).rejects.toThrow('it holds no keys');
  });
});
