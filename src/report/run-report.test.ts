import { describe, expect, it } from 'vitest';
import {
  makeBinaryTask,
  makeEvaluation,
  simulateEvaluation,
} from '../../test/fixtures/judge/make-evaluation.ts';
import type { EvaluationResult, TaskResult } from '../evaluate/result.ts';
import type { ReportedModel, RunReportInput } from './run-report-input.ts';
import { renderRunReport, renderTerminalTable } from './run-report.ts';

const repeat = (score: number, times: number): number[] => new Array<number>(times).fill(score);
const model = (key: string, result: EvaluationResult): ReportedModel => ({
  key,
  label: `${key.slice(0, 1).toUpperCase()}${key.slice(1)}`,
  result,
  parameters: 81_000_000,
});
const validated = (lossNats: number): Partial<EvaluationResult> => ({
  validation: { lossNats, perplexity: Math.exp(lossNats), tokens: 4096 },
});

const input: RunReportInput = {
  title: 'quickstart',
  models: [
    model('reference', simulateEvaluation(60, 1.2, 1, validated(3.2107))),
    model('inherited', simulateEvaluation(60, 0, 2, validated(23.612))),
    model('trained', simulateEvaluation(60, 0.8, 3, validated(8.1213))),
  ],
  inherit: {
    source: 'org/model@main',
    sourceBlocks: 30,
    blocks: [0, 1, 2, 5],
    carried: ['embeddings', 'head'],
  },
  training: {
    steps: 500,
    tokens: 256_000,
    seconds: 128,
    precision: 'float32',
    losses: Array.from({ length: 500 }, (_, i) => ({ step: i + 1, loss: 8 + 100 / (i + 10) })),
    validation: [{ step: 500, lossNats: 8.1213 }],
  },
  facts: { Device: 'CPU x2', TensorFlow: '2.21.0', Seed: 1 },
  stages: [
    { name: 'inherit', status: 'reused', seconds: 4.2 },
    { name: 'train', status: 'done', seconds: 128 },
  ],
  command: 'inheritune run recipes/quickstart.yml',
};

/** Three models with one task each, its scores given. */
function oneTask(reference: TaskResult, inherited: TaskResult, trained: TaskResult): RunReportInput {
  return {
    ...input,
    models: [
      model('reference', makeEvaluation({ boolq: reference })),
      model('inherited', makeEvaluation({ boolq: inherited })),
      model('trained', makeEvaluation({ boolq: trained })),
    ],
  };
}
const [all, half, none] = [repeat(1, 100), [...repeat(1, 50), ...repeat(0, 50)], repeat(0, 100)].map(
  (scores) => makeBinaryTask('boolq', scores),
) as [TaskResult, TaskResult, TaskResult];
const rowsOf = (markdown: string, start: string): string[] =>
  markdown.split('\n').filter((line) => line.startsWith(start));

describe('renderRunReport', () => {
  it('says first whether training beat the inherited model', () => {
    expect(renderRunReport(oneTask(all, none, half)).split('\n')[2]).toBe(
      '**The trained model beats the inherited, untrained one on BoolQ: 0.00 % before training, 50.00 % after ' +
        '(+50.00 points, 95 % interval +40.38 to +59.62); the reference scores 100.00 %.**',
    );
    expect(renderRunReport(oneTask(all, half, none))).toContain(
      'The trained model is worse than the inherited',
    );
    expect(renderRunReport(oneTask(all, half, half))).toContain(
      'This evaluation cannot tell the trained model from',
    );
  });

  it('names the validation loss before, after and of the reference', () => {
    expect(renderRunReport(input)).toContain(
      'Validation loss fell from 23.612 to 8.121 nats per token; the reference is at 3.211.',
    );
    expect(rowsOf(renderRunReport(input), '| Inherited |')).toEqual([
      '| Inherited | 23.612 | 1.80 × 10^10 | 4,096 |',
    ]);
  });

  it('a row holds score, error, guessing and both differences', () => {
    expect(rowsOf(renderRunReport(oneTask(all, none, half)), '| BoolQ')).toEqual([
      '| BoolQ | 100 | 50.00 | – | 100.00 ± 0.00 | 0.00 ± 0.00 | 50.00 ± 5.03 | **+50.00 [+40.38, +59.62]** | **−50.00 [−59.62, −40.38]** |',
    ]);
  });

  it('lists the tasks in the order of the paper, then their mean, then MMLU both ways', () => {
    const table = renderRunReport(input).split('## Scores')[1]?.split('<sub>')[0] ?? '';
    expect(rowsOf(table, '| ').map((line) => line.split(' | ')[0])).toEqual([
      '| Task',
      '| :-',
      '| WSC',
      '| PIQA',
      '| BoolQ',
      '| WinoGrande',
      '| LogiQA (acc_norm)',
      '| WNLI',
      '| QNLI',
      '| MNLI',
      '| TruthfulQA (mc2)',
      '| Mean of 9',
      '| MMLU, by question',
      '| MMLU, by subject',
    ]);
  });

  it('the mean and both MMLU rows are what their names say', () => {
    const cells = (label: string): string[] =>
      rowsOf(renderRunReport(input), `| ${label}`)[0]
        ?.split('|')
        .map((cell) => cell.trim()) ?? [];
    const reference = input.models[0]!.result;
    const scored = Object.entries(reference.tasks).flatMap(([name, task]) =>
      task.status === 'scored'
        ? [{ name, value: Number(task.metrics[name === 'logiqa' ? 'acc_norm' : 'acc']) }]
        : [],
    );
    const meanOf = (values: number[]): string =>
      ((100 * values.reduce((a, b) => a + b, 0)) / values.length).toFixed(2);
    const nine = scored.filter(({ name }) => !name.startsWith('mmlu_')).map(({ value }) => value);
    const subjects = scored.filter(({ name }) => name.startsWith('mmlu_')).map(({ value }) => value);
    expect(cells('Mean of 9')[5]).toMatch(new RegExp(`^${meanOf(nine)} ± `));
    expect(cells('MMLU, by subject')[5]).toMatch(new RegExp(`^${meanOf(subjects)} ± `));
    expect(cells('MMLU, by question')[2]).toBe('240');
    expect(cells('MMLU, by question')[3]).toBe('25.00');
  });

  it('shows both protocols where they differ, counts prompts that were cut, and folds the continuous signals', () => {
    const signals = { margin: 0.25, margin_stderr: 0.1, bits_per_byte: 1.5, bits_per_byte_stderr: 0.2 };
    const boolq = { ...makeBinaryTask('boolq', [1, 1, 0, 1]), signals, truncatedItems: 3 };
    const lmEval = { metric: 'acc', value: 0.25 };
    const protocolScores = { boolq: { metric: 'acc', value: 0.5, lmEval } };
    const report = renderRunReport({
      ...input,
      models: [model('trained', makeEvaluation({ boolq }, { protocolScores }))],
    });
    expect(report).toContain('lost their start, as in lm-eval: Trained BoolQ 3 of 4.');
    expect(rowsOf(report, '| BoolQ | Trained')).toEqual(['| BoolQ | Trained | 50.00 (acc) | 25.00 (acc) |']);
    expect(rowsOf(report, '| BoolQ, ')).toEqual([
      '| BoolQ, margin (nats) | +0.250 ± 0.100 |',
      '| BoolQ, bits per byte | 1.500 ± 0.200 |',
    ]);
    expect(renderRunReport(input)).not.toMatch(/lost their start|where they differ/);
  });

  it('has the best constant answer beside guessing', () => {
    const boolq = { ...makeBinaryTask('boolq', [1, 0]), baselines: { uniform: 0.5, constant: 0.62 } };
    expect(rowsOf(renderRunReport(oneTask(boolq, boolq, boolq)), '| BoolQ |')[0]).toMatch(
      /^\| BoolQ \| 2 \| 50\.00 \| 62\.00 \| /,
    );
  });

  it('a failed and an unavailable task keep their row and give their reason', () => {
    const failed = { status: 'failed', reason: 'killed by SIGKILL' } as const;
    const unavailable = { status: 'unavailable', reason: 'no boolq.jsonl' } as const;
    const report = renderRunReport(oneTask(all, unavailable, failed));
    expect(rowsOf(report, '| BoolQ')).toEqual([
      '| BoolQ | 100 | 50.00 | – | 100.00 ± 0.00 | unavailable | failed | – | – |',
    ]);
    expect(report).toContain('- BoolQ, Inherited: unavailable: no boolq.jsonl');
    expect(report).toContain('- BoolQ, Trained: failed: killed by SIGKILL');
  });

  it('a task that no model could score still has its row', () => {
    const failed = { status: 'failed', reason: 'out of memory' } as const;
    expect(rowsOf(renderRunReport(oneTask(failed, failed, failed)), '| BoolQ')).toEqual([
      '| BoolQ | – | – | – | failed | failed | failed | – | – |',
    ]);
  });

  it('MMLU subjects without data are named', () => {
    const result = input.models[2]!.result;
    const groups = { mmlu: { ...result.groups['mmlu']!, missing: ['mmlu_law'] } };
    const tasks = { ...result.tasks, mmlu_law: { status: 'unavailable', reason: 'no file' } as const };
    const report = renderRunReport({ ...input, models: [model('trained', { ...result, groups, tasks })] });
    expect(report).toContain('- mmlu, Trained: 1 of 5 subjects have no data: mmlu_law');
    expect(rowsOf(report, '| mmlu_law')).toEqual([]);
  });

  it('says how little few items allow to conclude', () => {
    expect(renderRunReport(input)).toMatch(
      /With as few as 60 items in a task, single scores say little\. The smallest difference trained − inherited .* is between \d+\.\d\d points \(.*\) and \d+\.\d\d points \(.*\); for the mean it is \d+\.\d\d points\./,
    );
  });

  it('tells what was run, what was reused and how to run it again', () => {
    const report = renderRunReport(input);
    for (const row of [
      '| Inherited blocks | 0–2, 5 (4 of 30) |',
      '| Carried along | embeddings, head |',
      '| Tokens trained on | 256,000 |',
      '| Training time | 2 min 08 s, 2,000 tokens per second |',
      '| TensorFlow | 2.21.0 |',
      '| Parameters, Trained | 81,000,000 |',
      '| inherit | reused | 4.2 s |',
    ]) {
      expect(report).toContain(row);
    }
    expect(report).toContain('Taken over from an earlier run with the same inputs: inherit');
    expect(report).toContain('```sh\ninheritune run recipes/quickstart.yml\n```');
  });

  it('says what came from the baseline, and which stage was the first to differ', () => {
    const id = 'runs/a/b|c/x.json';
    const reused = { name: 'inherit', status: 'reused', seconds: 4.2, from: id } as const;
    const same = { ...input, stages: [reused], baseline: { id, firstChange: null } };
    expect(renderRunReport(same)).toContain(
      'No stage changed: 0 GPU-minutes. Every stage was given what it was given in the baseline runs/a/b&#124;c/x.json.',
    );
    expect(renderRunReport(same)).toContain('| inherit | reused from the baseline | 4.2 s |');
    const trained = {
      name: 'train',
      status: 'done',
      seconds: 9,
      why: 'a later stage needs its files',
    } as const;
    const other = { ...input, stages: [reused, trained], baseline: { id, firstChange: 'evaluate trained' } };
    expect(renderRunReport(other)).toContain('| train | done (a later stage needs its files) | 9.0 s |');
    expect(renderTerminalTable(other)).toContain(
      'Run: train. Taken over: inherit. First stage that differs from the baseline runs/a/b|c/x.json: evaluate trained.',
    );
  });

  it('folds the loss curve and the other metrics', () => {
    const report = renderRunReport(input);
    expect(report).toContain(
      '<summary>Training loss</summary>\n\nTraining loss 18.000 at step 1, 8.196 at step 500.\n\n```mermaid',
    );
    expect(report).toMatch(/\| PIQA \(acc\\?_norm\) \|/);
  });

  it('one document, no training and no inheritance print no NaN', () => {
    const tiny = (seed: number): EvaluationResult => simulateEvaluation(1, 0.5, seed);
    const models = [model('reference', tiny(1)), model('inherited', tiny(2)), model('trained', tiny(3))];
    const bare = {
      ...input,
      models,
      training: undefined,
      inherit: undefined,
      stages: [],
      facts: { Rate: Number.NaN },
    };
    for (const text of [renderRunReport(bare), renderTerminalTable(bare)]) {
      expect(text).not.toMatch(/NaN|undefined|Infinity|null/);
    }
    expect(renderRunReport({ ...bare, models: [] })).toContain('No task was evaluated.');
  });

  it('hostile text breaks no table and reaches no reader of HTML', () => {
    const hostile = '|x`@octocat <!-- sticky --> <img src=x> $& \n| a | b |\n\n```\n</details>';
    const failed = { status: 'failed', reason: hostile } as const;
    const models = [
      { ...model('reference', makeEvaluation({ boolq: all, [hostile]: failed })), label: hostile },
      { ...model(hostile, makeEvaluation({ boolq: failed })), label: hostile },
      { ...model('trained', makeEvaluation({ boolq: half })), label: hostile },
    ];
    const report = renderRunReport({
      ...input,
      title: hostile,
      models,
      inherit: { source: hostile, sourceBlocks: 2, blocks: [0], carried: [hostile] },
      facts: { [hostile]: hostile },
      stages: [{ name: hostile, status: 'reused', seconds: 1 }],
    });
    expect(report).not.toMatch(/<!--|<img|@octocat|\$/);
    expect(report.split('<details>')).toHaveLength(report.split('</details>').length);
    for (const table of report.match(/(^\|.*\n)+/gm) ?? []) {
      const widths = table
        .trim()
        .split('\n')
        .map((line) => line.split('|').length);
      expect(new Set(widths).size, table).toBe(1);
    }
  });
});

describe('renderTerminalTable', () => {
  it('lines up: headline, then rows of equal width, no markup', () => {
    const text = renderTerminalTable(input);
    expect(text).toMatch(/^The trained model beats the inherited, untrained one on the mean of 9 tasks: /);
    const rows = rowsOf(text, '|');
    expect(rows).toHaveLength(14);
    expect(new Set(rows.map((row) => row.length)).size).toBe(1);
    expect(text).not.toMatch(/\*\*|&#|\\/);
    expect(text).toContain('leaves out zero');
  });
});
