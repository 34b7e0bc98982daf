import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../data/json-tokenizer.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import { evaluate } from './evaluate.ts';
import type { Evaluation } from './evaluate.ts';
import { folderRows } from './load-rows.ts';
import type { RowLoader, RowSplit } from './load-rows.ts';
import { silentProgress } from '../progress.ts';
import type { Loglikelihood, Scorer, TaskResult, TokenRequest } from './result.ts';
import { openScoreJournal } from './score-journal.ts';

const DRAIN = {
  sentence1: 'The drain is clogged with hair. It has to be cleaned.',
  sentence2: 'The hair has to be cleaned.',
  label: 0,
};
const JANE = {
  sentence1: "Jane knocked on Susan's door but she did not answer.",
  sentence2: 'Susan did not answer.',
  label: 1,
};
const BETH = {
  sentence1: "Beth didn't get angry with Sally, who had cut her off, because she stopped and counted to ten.",
  sentence2: 'Sally stopped and counted to ten.',
  label: 0,
};
const DRESSER = {
  goal: 'dresser',
  sol1: 'replace drawer with bobby pin ',
  sol2: 'finish, woodgrain with  bobby pin ',
  label: 1,
};
const ANATOMY = {
  question: 'Which bone is in the thigh?',
  choices: ['Femur', 'Tibia', 'Ulna', 'Radius'],
  answer: 0,
};
const SURGEON = {
  sentence: 'Sarah was a much better surgeon than Maria so _ always got the easier cases.',
  option1: 'Sarah',
  option2: 'Maria',
  answer: '2',
};

const DATA: Record<string, unknown[]> = {
  'wnli.scored': [DRAIN, JANE, BETH],
  'wnli.train': [BETH, DRAIN, JANE],
  'piqa.scored': [DRESSER],
  'winogrande.scored': [SURGEON],
  'mmlu_anatomy.scored': [ANATOMY, { ...ANATOMY, question: 'Which bone is in the arm?', answer: 2 }],
  'mmlu_anatomy.dev': [1, 2, 3, 4, 5].map((n) => ({
    ...ANATOMY,
    question: `Question ${String(n)}?`,
    answer: n % 4,
  })),
  'mmlu_virology.scored': [ANATOMY],
};

describe('evaluate', () => {
  it('asks the scorer once, for all requests of all tasks, in order', async () => {
    const calls: (readonly TokenRequest[])[] = [];
    const { tasks } = await run({ tasks: ['wnli', 'piqa', 'winogrande'], scorer: recording(calls) });
    expect(Object.keys(tasks)).toEqual(['wnli', 'piqa', 'winogrande']);
    expect(calls.length).toBe(1);
    expect(calls[0]?.length).toBe(3 * 2 + 2 + 2);
    expect(tokenizer.decode([...calls[0]![6]!.input, calls[0]![6]!.targets.at(-1)!])).toContain(
      'replace drawer with bobby pin',
    );
  });

  it('puts every answer back to its choice', async () => {
    const scorer: Scorer = (requests) =>
      Promise.resolve(requests.map((_, index) => ({ loglikelihood: -index - 1, greedy: index % 2 === 0 })));
    const wnli = scored((await run({ tasks: ['wnli'], scorer })).tasks.wnli);
    expect(wnli.items.map((item) => item.loglikelihoods)).toEqual([
      [-1, -2],
      [-3, -4],
      [-5, -6],
    ]);
    expect(wnli.items[1]).toMatchObject({ greedy: [true, false], gold: 1, scores: { acc: 0, margin: -1 } });
    expect(wnli.metrics.acc).toBeCloseTo(2 / 3, 12);
    expect(wnli.metrics.acc_stderr).toBeCloseTo(1 / 3, 12);
    expect(wnli.baselines).toEqual({ uniform: 0.5, constant: 2 / 3 });
    expect(wnli).toMatchObject({ docs: 3, version: 2, fewShot: 0, truncatedItems: 0 });
  });

  it('names items by the sha256 of their rendered requests', async () => {
    const { tasks } = await run({ tasks: ['winogrande'] });
    const before = 'Sarah was a much better surgeon than Maria so ';
    const texts = ['Sarah', 'Maria'].map((name) => `${before}${name}\0 always got the easier cases.\x01`);
    expect(scored(tasks.winogrande).items[0]?.id).toBe(
      createHash('sha256').update(texts.join('')).digest('hex'),
    );
  });

  it('changes the item set with the limit and the examples, not with the scores', async () => {
    const hashOf = async (options: Partial<Parameters<typeof run>[0]>): Promise<string> =>
      scored((await run({ tasks: ['wnli'], ...options })).tasks.wnli).itemSetHash;
    const all = await hashOf({});
    expect(await hashOf({ scorer: constant(-3) })).toBe(all);
    expect(await hashOf({ limit: 2 })).not.toBe(all);
    expect(await hashOf({ fewShot: 1 })).not.toBe(all);
  });

  it('limits each task, and below 1 by share', async () => {
    const { tasks } = await run({ tasks: ['wnli', 'piqa'], limit: 0.5 });
    expect([scored(tasks.wnli).docs, scored(tasks.piqa).docs]).toEqual([2, 1]);
    expect(scored(tasks.piqa).metrics).toMatchObject({ acc_stderr: 'N/A', acc_norm_stderr: 'N/A' });
  });

  it('counts the items whose prompt is cut', async () => {
    const { tasks } = await run({ tasks: ['wnli'], maxLength: 150 });
    expect(scored(tasks.wnli).truncatedItems).toBe(1); // Beth's sentence is the only one over 150 bytes
  });

  it('gives mmlu its five examples and its groups, and names subjects without data or without examples', async () => {
    const { tasks, groups } = await run({ tasks: ['mmlu'] });
    expect(scored(tasks.mmlu_anatomy)).toMatchObject({ docs: 2, fewShot: 5 });
    expect(tasks.mmlu_virology).toMatchObject({
      status: 'unavailable',
      reason: 'the 5 few-shot examples have no source: mmlu_virology.dev is not here',
    });
    expect(tasks.mmlu_marketing).toEqual({
      status: 'unavailable',
      reason: 'mmlu_marketing.scored is not here',
    });
    expect(Object.keys(groups)).toEqual(['mmlu', 'mmlu_stem']);
    expect(groups.mmlu).toMatchObject({ docs: 2, tasks: ['mmlu_anatomy'] });
    expect(groups.mmlu?.missing.length).toBe(56);
  });

  it('runs mmlu without examples when told to', async () => {
    expect(scored((await run({ tasks: ['mmlu_virology'], fewShot: 0 })).tasks.mmlu_virology).fewShot).toBe(0);
  });

  it('refuses examples that were asked for and have no rows to come from', async () => {
    await expect(run({ tasks: ['piqa'], fewShot: 2 })).rejects.toThrow(
      'piqa: the 2 few-shot examples have no source: piqa.train is not here. Add that file or evaluate piqa with 0 examples.',
    );
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY])(
    'fails a task by item for a log-likelihood of %s and scores the others',
    async (value) => {
      const scorer: Scorer = (requests) =>
        Promise.resolve(
          requests.map((_, index) => ({ loglikelihood: index === 3 ? value : -1, greedy: false })),
        );
      const { tasks } = await run({ tasks: ['wnli', 'piqa'], scorer });
      expect(tasks.wnli).toMatchObject({ status: 'failed' });
      expect((tasks.wnli as { reason: string }).reason).toMatch(
        new RegExp(`^wnli item 1 \\([0-9a-f]{64}\\): the log-likelihood of choice 1 is ${String(value)}$`),
      );
      expect(tasks.piqa?.status).toBe('scored');
    },
  );

  it('does not call the scorer when nothing has data', async () => {
    const scorer: Scorer = () => Promise.reject(new Error('called'));
    expect((await run({ tasks: ['boolq'], scorer })).tasks).toEqual({
      boolq: { status: 'unavailable', reason: 'boolq.scored is not here' },
    });
  });

  it('asks only for what an interrupted run left, and gives the same results', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evaluate-'));
    const file = join(folder, 'r.partial.jsonl');
    const whole = await run({ tasks: ['wnli', 'piqa'] });
    const interrupted: Scorer = (requests, onScored) => {
      for (const [index, { targets }] of requests.slice(0, 5).entries()) {
        onScored?.(index, { loglikelihood: -0.5 * targets.length, greedy: false });
      }
      return Promise.reject(new Error('killed'));
    };
    const first = openScoreJournal(file, 'm');
    await expect(run({ tasks: ['wnli', 'piqa'], scorer: interrupted, journal: first })).rejects.toThrow(
      'killed',
    );
    first.close();
    const calls: (readonly TokenRequest[])[] = [];
    const notes: string[] = [];
    const resumed = await run({
      tasks: ['wnli', 'piqa'],
      scorer: recording(calls),
      journal: openScoreJournal(file, 'm'),
      progress: { ...silentProgress, note: (text) => notes.push(text) },
    });
    expect(calls.map((requests) => requests.length)).toEqual([3]);
    expect(notes).toEqual(['5 of 8 requests were scored before the interruption.']);
    expect(resumed).toEqual(whole);
    rmSync(folder, { recursive: true });
  });

  it('names the item whose continuation is empty', async () => {
    await expect(
      run({
        tasks: ['piqa'],
        tokenizer: { ...tokenizer, encode: (text) => tokenizer.encode(text.trimEnd()) },
        loadRows: emptyChoice,
      }),
    ).rejects.toThrow(/^piqa item 0, choice 1: the continuation " " has no tokens of its own/);
  });

  it('refuses a scorer that leaves requests out', async () => {
    await expect(run({ tasks: ['wnli'], scorer: () => Promise.resolve([]) })).rejects.toMatchObject({
      code: 'bad-scorer',
      exitCode: 1,
    });
  });

  it('names the item that the model cannot take, before scoring', async () => {
    await expect(run({ tasks: ['wnli', 'piqa'], maxLength: 10 })).rejects.toThrow(
      /^piqa item 0, choice 0: the continuation has \d+ tokens, more than the model's context of 10\./,
    );
  });

  it('tells how far encoding is', async () => {
    const seen: [string, number][] = [];
    let done = 0;
    await run({
      tasks: ['wnli', 'piqa'],
      progress: {
        start: (label, total) => (
          seen.push([label, total]),
          { advance: (units) => void (done += units), end: () => seen.push(['end', done]) }
        ),
        note: () => undefined,
      },
    });
    expect(seen).toEqual([
      ['Encoding questions', 4],
      ['end', 4],
    ]);
  });
});

const shared = new URL('../../../shared/data/', import.meta.url);
const available = existsSync(new URL('eval/piqa.jsonl', shared));
if (!available) console.warn('One evaluation test is skipped: ../shared/data is not here.');

it.skipIf(!available)('evaluates all tasks on real files with a real tokenizer', async () => {
  const read = (name: string) => new Uint8Array(readFileSync(new URL(`models/stories260k/${name}`, shared)));
  const { tasks, groups } = await evaluate({
    tasks: ['nine', 'wsc273', 'truthfulqa_mc1', 'mmlu'],
    loadRows: folderRows(new URL('eval', shared).pathname),
    limit: 2,
    tokenizer: loadTokenizer({
      tokenizerJson: read('tokenizer.json'),
      tokenizerConfig: read('tokenizer_config.json'),
    }),
    maxLength: 512,
    scorer: recording([]),
  });
  expect(Object.keys(tasks).length).toBe(9 + 2 + 57);
  for (const task of Object.values(tasks)) expect(scored(task).docs).toBe(2);
  expect(groups.mmlu).toMatchObject({ docs: 114, missing: [] });
  expect(scored(tasks.mmlu_professional_law).truncatedItems).toBe(2);
});

/** A byte is a token, as in ByT5: enough to see which text a request holds. */
const tokenizer: Tokenizer = {
  vocabularySize: 256,
  bosTokenId: undefined,
  eosTokenId: undefined,
  bosToken: undefined,
  fingerprint: 'bytes',
  encode: (text) => [...new TextEncoder().encode(text)],
  decode: (ids) => new TextDecoder().decode(Uint8Array.from(ids)),
};

const inMemory: RowLoader = (task, split: RowSplit) => {
  const name = `${task.file}.${split}`;
  const rows = DATA[name]?.map((value, index) => ({ file: name, line: index + 1, value }));
  return Promise.resolve(
    rows === undefined
      ? { status: 'unavailable', reason: `${name} is not here` }
      : { status: 'loaded', rows },
  );
};

const emptyChoice: RowLoader = () =>
  Promise.resolve({ status: 'loaded', rows: [{ file: 'piqa', line: 1, value: { ...DRESSER, sol2: '' } }] });

function run(options: Partial<Parameters<typeof evaluate>[0]> & { tasks: string[] }): Promise<Evaluation> {
  return evaluate({ loadRows: inMemory, tokenizer, maxLength: 5000, scorer: recording([]), ...options });
}

/** Scores every target token with -0.5, and keeps what it was asked. */
function recording(calls: (readonly TokenRequest[])[]): Scorer {
  return (requests) => {
    calls.push(requests);
    return Promise.resolve(
      requests.map(({ targets }) => ({ loglikelihood: -0.5 * targets.length, greedy: false })),
    );
  };
}

function constant(loglikelihood: number): Scorer {
  const answer: Loglikelihood = { loglikelihood, greedy: false };
  return (requests) => Promise.resolve(requests.map(() => answer));
}

function scored(task: TaskResult | undefined): TaskResult & { status: 'scored' } {
  if (task?.status !== 'scored') throw new Error(`not scored: ${JSON.stringify(task)}`);
  return task;
}
