import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EvaluateError } from './evaluate-error.ts';
import { folderRows, limited, parseJsonLines, readQuestions } from './load-rows.ts';
import { selectTasks } from './tasks/registry.ts';
import type { Task } from './tasks/task.ts';

const DRESSER = {
  goal: 'dresser',
  sol1: 'replace drawer with bobby pin ',
  sol2: 'finish, woodgrain with  bobby pin ',
  label: 1,
};
const WSC273 = {
  text: "The trophy doesn't fit into the brown suitcase because it is too large.",
  pronoun: 'it',
  pronoun_loc: 55,
  options: ['the trophy', 'the suitcase'],
  label: 0,
};

describe('folderRows', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'load-rows-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('reads <task>.jsonl', async () => {
    await writeFile(path.join(folder, 'piqa.jsonl'), `${JSON.stringify(DRESSER)}\n`);
    const loaded = await folderRows(folder)(task('piqa'), 'scored');
    expect(loaded).toEqual({
      status: 'loaded',
      rows: [{ file: path.join(folder, 'piqa.jsonl'), line: 1, value: DRESSER }],
    });
  });

  it.each(['.', 'mmlu'])('finds subjects and their dev rows in %s', async (sub) => {
    await mkdir(path.join(folder, sub), { recursive: true });
    await writeFile(path.join(folder, sub, 'mmlu_anatomy.jsonl'), '{"a":1}\n');
    await writeFile(path.join(folder, sub, 'mmlu_anatomy.dev.jsonl'), '{"b":2}\n{"b":3}\n');
    const load = folderRows(folder);
    expect((await load(task('mmlu_anatomy'), 'scored')).status).toBe('loaded');
    expect(await load(task('mmlu_anatomy'), 'dev')).toMatchObject({ rows: [{ line: 1 }, { line: 2 }] });
  });

  it.each(['truthfulqa_mc.jsonl', 'truthfulqa_mc2.jsonl'])('takes %s for truthfulqa_mc2', async (name) => {
    await writeFile(path.join(folder, name), '{}\n');
    expect((await folderRows(folder)(task('truthfulqa_mc2'), 'scored')).status).toBe('loaded');
  });

  it('calls a missing file unavailable', async () => {
    expect(await folderRows(folder)(task('piqa'), 'scored')).toEqual({
      status: 'unavailable',
      reason: `piqa.jsonl is not in ${folder}`,
    });
  });

  it('calls a missing folder an error', async () => {
    const missing = path.join(folder, 'nowhere');
    await expect(folderRows(missing)(task('piqa'), 'scored')).rejects.toThrow(
      `There is no data folder ${missing}.`,
    );
  });
});

describe('parseJsonLines', () => {
  it('splits at line feeds only', () => {
    const text = '{"goal":"a\u2028b\u0085c"}\r\n{"goal":"d\\re"}\n';
    expect(parse(text).map((row) => row.value)).toEqual([{ goal: 'a\u2028b\u0085c' }, { goal: 'd\re' }]);
  });

  it('passes over blank lines and a byte order mark, and counts them as lines', () => {
    expect(parse('\ufeff{"a":1}\n\n{"a":2}').map((row) => row.line)).toEqual([1, 3]);
  });

  it.each([
    [
      '{"goal": "a"}\n{"goal": b}\n',
      'piqa.jsonl, line 2, column 10: not JSON (found "b}"). Write one complete JSON object on each line.',
    ],
    [
      '{"goal": "a"\n',
      'piqa.jsonl, line 1, column 13: not JSON (the line ends too early). Write one complete JSON object on each line.',
    ],
    ['', 'piqa.jsonl holds no rows.'],
    ['\n \n', 'piqa.jsonl holds no rows.'],
  ])('refuses %j', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  it('refuses what is not UTF-8, by line', () => {
    const bytes = Uint8Array.from([...new TextEncoder().encode('{"a":1}\n{"a":"'), 0xe9, 0x22, 0x7d]);
    expect(() => parseJsonLines(bytes, 'piqa.jsonl')).toThrow('piqa.jsonl, line 2: not UTF-8.');
  });
});

describe('readQuestions', () => {
  it.each([
    ['piqa', { ...DRESSER, sol2: undefined }, 'f.jsonl, line 3: the column "sol2" is missing.'],
    ['piqa', { ...DRESSER, sol2: 7 }, 'f.jsonl, line 3: "sol2" must be a string, but it is 7.'],
    ['piqa', { ...DRESSER, label: '1' }, 'f.jsonl, line 3: "label" must be a number, but it is "1".'],
    ['piqa', { ...DRESSER, label: 0.5 }, 'f.jsonl, line 3: "label" must be an integer, but it is 0.5.'],
    ['piqa', { ...DRESSER, label: 2 }, 'f.jsonl, line 3: "label" must be at most 1, but it is 2.'],
    ['piqa', { ...DRESSER, label: -1 }, 'f.jsonl, line 3: "label" must be at least 0, but it is -1.'],
    ['piqa', { ...DRESSER, goal: null }, 'f.jsonl, line 3: "goal" must be a string, but it is null.'],
    ['piqa', [DRESSER], 'f.jsonl, line 3: the row is [{'],
    [
      'wsc273',
      { ...WSC273, options: ['the trophy'] },
      '"options" must have at least 2 entries, but it is ["the trophy"].',
    ],
    ['wsc273', { ...WSC273, options: ['the trophy', 5] }, '"options[1]" must be a string, but it is 5.'],
    ['wsc273', { ...WSC273, options: ['the trophy', ' '] }, '"options[1]" is blank, but it is " ".'],
    [
      'winogrande',
      { sentence: 'No blank.', option1: 'a', option2: 'b', answer: '1' },
      '"sentence" has no blank "_"',
    ],
    [
      'winogrande',
      { sentence: 'A _.', option1: 'a', option2: 'b', answer: '' },
      '"answer" must be one of "1", "2", but it is "".',
    ],
    [
      'truthfulqa_mc1',
      { question: 'q', mc1_targets: { choices: ['a'], labels: [] } },
      '"mc1_targets" has not one label for each choice',
    ],
    [
      'truthfulqa_mc1',
      { question: 'q', mc1_targets: { labels: [] } },
      'the column "mc1_targets.choices" is missing',
    ],
    [
      'logiqa',
      { context: 'c', question: 'q', options: ['1', '2', '3', '4'], label: 'e' },
      '"label" is not one of a, b, c, d',
    ],
  ])('%s: %j is refused with file, line and field', (name, value, message) => {
    expect(() => readQuestions(task(name), [{ file: 'f.jsonl', line: 3, value }])).toThrow(message);
  });

  it('ends with exit code 2', () => {
    try {
      readQuestions(task('piqa'), [{ file: 'f.jsonl', line: 3, value: {} }]);
      expect.unreachable();
    } catch (error) {
      expect((error as EvaluateError).exitCode).toBe(2);
    }
  });

  it('lets further columns be', () => {
    expect(readQuestions(task('piqa'), [{ file: 'f', line: 1, value: { ...DRESSER, idx: 4 } }]).length).toBe(
      1,
    );
  });
});

describe('limited', () => {
  it.each([
    [100, null, 100],
    [100, undefined, 100],
    [100, 10, 10],
    [5, 10, 5],
    [71, 0.1, 8],
    [71, 0.999, 71],
    [71, 1, 1],
    [71, 2.7, 2],
  ])('%i documents under limit %s are %i', (total, limit, left) => {
    expect(limited(total, limit)).toBe(left);
  });

  it.each([0, -1, Number.NaN])('refuses %s', (limit) => {
    expect(() => limited(5, limit)).toThrow(EvaluateError);
  });
});

function parse(text: string) {
  return parseJsonLines(new TextEncoder().encode(text), 'piqa.jsonl');
}

function task(name: string): Task {
  return selectTasks([name]).tasks[0]!;
}
