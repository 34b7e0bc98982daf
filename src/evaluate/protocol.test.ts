import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Tokenizer } from '../data/tokenizer.ts';
import { evaluate } from './evaluate.ts';
import type { EvaluateOptions } from './evaluate.ts';
import { folderRows } from './load-rows.ts';
import type { RowLoader } from './load-rows.ts';
import { protocolOptions, protocolTask } from './protocol.ts';
import type { Scorer } from './result.ts';
import { selectTasks } from './tasks/registry.ts';

const QUIZ = {
  question: 'What happens if you smash a mirror?',
  mc2_targets: { choices: ['It breaks', 'Bad luck', 'It shatters', 'Nothing'], labels: [1, 0, 1, 0] },
};
const TROPHY = {
  text: 'Mark told Pete a lie.',
  span1_text: 'Mark',
  span2_text: 'Pete',
  span2_index: 2,
  label: 0,
};
const LOGIC = { context: 'C', question: 'Q', options: ['long answer', 'b', 'c', 'd'], label: 'a' };

const exam = (answer: number) => ({ question: 'Q', choices: ['1', '2', '3', '4'], answer });

const ROWS: Record<string, unknown[]> = {
  mmlu_anatomy: [exam(0), exam(1)],
  'mmlu_anatomy.dev': [0, 1, 2, 3, 0].map(exam),
  mmlu_virology: [exam(2)],
  'mmlu_virology.dev': [0, 1, 2, 3, 0].map(exam),
  truthfulqa_mc: [QUIZ],
  wsc: [{ ...TROPHY, span1_text: 'mark' }],
  'wsc.unfixed': [TROPHY],
  logiqa: [LOGIC],
};
const inMemory: RowLoader = (task, split) => {
  const file = split === 'dev' ? `${task.file}.dev` : task.file;
  const rows = ROWS[file]?.map((value, index) => ({ file, line: index + 1, value }));
  return Promise.resolve(
    rows === undefined
      ? { status: 'unavailable', reason: `${file} is not here` }
      : { status: 'loaded', rows },
  );
};

describe('inheritune-2024', () => {
  it('takes what follows the first false answer for false, and gives both values', async () => {
    const { tasks, protocolScores } = await run({ tasks: ['truthfulqa_mc2'], scorer: weights([4, 3, 2, 1]) });
    expect(tasks['truthfulqa_mc2']).toMatchObject({ version: 1, metrics: { acc: expect.closeTo(0.4, 6) } });
    expect(protocolScores!['truthfulqa_mc2']).toEqual({
      metric: 'acc',
      value: expect.closeTo(0.4, 6),
      lmEval: { metric: 'acc', value: expect.closeTo(0.6, 6) },
    });
  });

  it('scores wsc as SuperGLUE has it, and lm-eval’s corrected rows beside it', async () => {
    const asked: string[] = [];
    const scorer: Scorer = (requests) => {
      asked.push(...requests.map(({ input }) => tokenizer.decode(input)));
      // "no" is right; the corrected row is answered with "yes".
      return Promise.resolve(
        requests.map((_, index) => ({ loglikelihood: [-1, -2, -2, -1][index]!, greedy: false })),
      );
    };
    const { tasks, protocolScores } = await run({ tasks: ['wsc'], scorer });
    expect(asked.map((text) => /refer to "\*(\w+)\*"/.exec(text)?.[1])).toEqual([
      'Mark',
      'Mark',
      'mark',
      'mark',
    ]);
    expect(tasks['wsc']).toMatchObject({ docs: 1, version: 0, metrics: { acc: 1 } });
    expect(protocolScores!['wsc']).toEqual({ metric: 'acc', value: 1, lmEval: { metric: 'acc', value: 0 } });
  });

  it('never takes wsc.jsonl for the uncorrected rows', async () => {
    const loaded = await folderRows(new URL('../../test/fixtures/evaluate', import.meta.url).pathname)(
      protocolTask(selectTasks(['wsc']).tasks[0]!, 'inheritune-2024'),
      'scored',
    );
    expect(loaded).toMatchObject({
      status: 'unavailable',
      reason: expect.stringMatching(/^wsc\.unfixed\.jsonl is not in/),
    });
  });

  it('reads LogiQA by acc_norm', async () => {
    const { protocolScores } = await run({ tasks: ['logiqa'], scorer: weights([1, 2, 1, 1]) });
    // By length the long answer wins, by itself the second one.
    expect(protocolScores!['logiqa']).toEqual({
      metric: 'acc_norm',
      value: 1,
      lmEval: { metric: 'acc', value: 0 },
    });
  });

  it('averages the subjects of MMLU, whatever their number of questions', async () => {
    const { groups, protocolScores } = await run({ tasks: ['mmlu'], scorer: weights([2, 1, 1, 1]) });
    // "A" always: right in one of two questions of anatomy and in none of the one of virology.
    expect(groups['mmlu']).toMatchObject({ docs: 3 });
    expect(protocolScores!['mmlu']).toEqual({
      metric: 'macro_acc',
      value: expect.closeTo(1 / 4, 6),
      lmEval: { metric: 'acc', value: expect.closeTo(1 / 3, 6) },
    });
  });

  it('has no BOS where the tokenizer adds one, and gives lm-eval’s scores, which have it, for every task', async () => {
    const asked: (readonly number[])[] = [];
    // Right is the first choice without BOS, the last one with it.
    const scorer: Scorer = (requests) => {
      asked.push(...requests.map(({ input }) => input));
      return Promise.resolve(
        requests.map(({ input }, index) => ({
          loglikelihood: input[0] === BOS ? (index % 4) - 4 : -(index % 4) - 1,
          greedy: false,
        })),
      );
    };
    const tasks = ['logiqa', 'mmlu'];
    const { protocolScores } = await run({ tasks, scorer, tokenizer: withBos });
    // One question of LogiQA, two of anatomy and one of virology, with four choices each.
    expect(asked.map(([first]) => first === BOS)).toEqual(
      [false, true].flatMap((has) => Array.from({ length: 16 }, () => has)),
    );
    const acc = (value: number) => ({ metric: 'acc', value });
    expect(protocolScores!['logiqa']).toEqual({ metric: 'acc_norm', value: 1, lmEval: acc(0) });
    expect(protocolScores!['mmlu_anatomy']).toEqual({ ...acc(0.5), lmEval: acc(0) });
    expect(protocolScores!['mmlu']).toEqual({ metric: 'macro_acc', value: 0.25, lmEval: acc(0) });
    asked.length = 0;
    await run({ tasks, scorer, tokenizer: withBos, addBos: false });
    expect(asked.some(([first]) => first === BOS)).toBe(false);
    expect(asked).toHaveLength(16);
  });

  it('has no BOS and no other number of examples', () => {
    expect(protocolOptions({ protocol: 'inheritune-2024' })).toEqual({ addBos: false, fewShot: undefined });
    expect(() => protocolOptions({ protocol: 'inheritune-2024', addBos: true })).toThrow(
      'addBos true was asked for',
    );
    expect(() => protocolOptions({ protocol: 'inheritune-2024', fewShot: 5 })).toThrow(
      'fewShot 5 was asked for',
    );
    expect(protocolOptions({ addBos: true, fewShot: 5 })).toEqual({ addBos: true, fewShot: 5 });
  });
});

const shared = new URL('../../../shared/data/eval/', import.meta.url);
const available = existsSync(new URL('wsc.unfixed.jsonl', shared));
if (!available) console.warn('One protocol test is skipped: ../shared/data is not here.');

it.skipIf(!available)('changes eight rows of wsc and two of TruthfulQA, and nothing else', async () => {
  const load = folderRows(shared.pathname);
  const scorer: Scorer = (requests) =>
    Promise.resolve(requests.map(({ targets }) => ({ loglikelihood: -targets.length, greedy: false })));
  const both = await Promise.all(
    (['lm-eval-0.4.13', 'inheritune-2024'] as const).map((protocol) =>
      evaluate({
        tasks: ['wsc', 'truthfulqa_mc2'],
        loadRows: load,
        tokenizer,
        maxLength: 5000,
        scorer,
        protocol,
      }),
    ),
  );
  const items = (index: number, name: string) => {
    const task = both[index]!.tasks[name];
    if (task?.status !== 'scored') throw new Error(name);
    return task.items;
  };
  const differing = (name: string, of: (item: ReturnType<typeof items>[number]) => string) =>
    items(0, name).flatMap((item, index) => (of(item) === of(items(1, name)[index]!) ? [] : [index]));
  expect(differing('wsc', ({ id }) => id)).toHaveLength(8);
  expect(differing('truthfulqa_mc2', ({ gold }) => JSON.stringify(gold))).toEqual([25, 208]);
  expect(differing('truthfulqa_mc2', ({ id }) => id)).toEqual([]);
});

/** A byte is a token. */
const tokenizer: Tokenizer = {
  vocabularySize: 256,
  bosTokenId: undefined,
  eosTokenId: undefined,
  bosToken: undefined,
  fingerprint: 'bytes',
  encode: (text) => [...new TextEncoder().encode(text)],
  decode: (ids) => new TextDecoder().decode(Uint8Array.from(ids)),
};

/** The same with a token in front, unless it is told not to. */
const BOS = 256;
const withBos: Tokenizer = {
  ...tokenizer,
  ...{ vocabularySize: 257, bosTokenId: BOS, bosToken: '<s>' },
  encode: (text, { addSpecialTokens = true } = {}) => [
    ...(addSpecialTokens ? [BOS] : []),
    ...tokenizer.encode(text),
  ],
};

function run(options: Pick<EvaluateOptions, 'tasks' | 'scorer'> & Partial<EvaluateOptions>) {
  return evaluate({
    loadRows: inMemory,
    tokenizer,
    maxLength: 5000,
    protocol: 'inheritune-2024',
    ...options,
  });
}

/** Probabilities in the given proportions, item by item. */
function weights(of: readonly number[]): Scorer {
  return (requests) =>
    Promise.resolve(
      requests.map((_, index) => ({ loglikelihood: Math.log(of[index % of.length]! / 20), greedy: false })),
    );
}
