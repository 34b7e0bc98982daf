import { describe, expect, it } from 'vitest';
import { makeBinaryTask, makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import type { EvaluationResult, TaskResult } from '../evaluate/result.ts';
import { protocolTable, signalsTable, truncationSentence } from './evaluation-sections.ts';
import type { ReportedModel } from './run-report-input.ts';

const model = (label: string, result: EvaluationResult): ReportedModel => ({
  ...{ key: label.toLowerCase(), label, result, parameters: 1 },
});
type Scored = Extract<TaskResult, { status: 'scored' }>;
const task = (name: string, docs: number, more: Partial<Scored> = {}): Scored => ({
  ...makeBinaryTask(name, new Array<number>(docs).fill(1)),
  ...more,
});
const signals = (margin: number, error: number | 'N/A') => ({
  signals: { margin, margin_stderr: error, bits_per_byte: 1.5, bits_per_byte_stderr: 0.25 },
});

describe('signalsTable', () => {
  it('gives margin and bits per byte of each model, and none where there is no one right answer', () => {
    const table = signalsTable([
      model(
        'Inherited',
        makeEvaluation({
          piqa: task('piqa', 4, signals(-0.25, 0.1)),
          truthfulqa_mc2: task('truthfulqa_mc2', 4),
        }),
      ),
      model('Trained', makeEvaluation({ piqa: task('piqa', 4, signals(0.5, 'N/A')) })),
    ]);
    expect(table!.split('\n')).toEqual([
      '| Task | Inherited | Trained |',
      '| :- | -: | -: |',
      '| PIQA, margin (nats) | −0.250 ± 0.100 | +0.500 |',
      '| PIQA, bits per byte | 1.500 ± 0.250 | 1.500 ± 0.250 |',
    ]);
  });

  it('weighs the subjects of a group by their items', () => {
    const subjects = {
      mmlu_anatomy: task('mmlu_anatomy', 10, signals(1, 0.3)),
      mmlu_virology: task('mmlu_virology', 30, signals(2, 0.1)),
    };
    const table = signalsTable([model('Trained', makeEvaluation(subjects))])!;
    // (10 · 1 + 30 · 2) / 40, and the root of (10 · 0.3)² + (30 · 0.1)² over 40.
    expect(table).toContain('| MMLU, margin (nats) | +1.750 ± 0.106 |');
    expect(table).not.toContain('anatomy');
  });
});

describe('protocolTable', () => {
  it('shows both numbers where they differ, and nothing else', () => {
    const evaluation = makeEvaluation(
      { logiqa: task('logiqa', 4) },
      {
        protocolScores: {
          logiqa: { metric: 'acc_norm', value: 0.25, lmEval: { metric: 'acc', value: 0.5 } },
          piqa: { metric: 'acc', value: 0.75 },
        },
      },
    );
    expect(protocolTable([model('Trained', evaluation)])!.split('\n')).toEqual([
      '| Task | Model | inheritune-2024 | lm-eval 0.4.13 |',
      '| :- | -: | -: | -: |',
      '| LogiQA | Trained | 25.00 (acc_norm) | 50.00 (acc) |',
    ]);
    expect(protocolTable([model('Trained', makeEvaluation({ piqa: task('piqa', 4) }))])).toBeUndefined();
  });
});

describe('truncationSentence', () => {
  it('counts the prompts that were cut, the subjects of a group together', () => {
    const evaluation = makeEvaluation({
      boolq: task('boolq', 20, { truncatedItems: 3 }),
      wnli: task('wnli', 20),
      mmlu_anatomy: task('mmlu_anatomy', 5, { truncatedItems: 1 }),
      mmlu_virology: task('mmlu_virology', 5, { truncatedItems: 5 }),
    });
    expect(truncationSentence([model('Trained', evaluation)])).toBe(
      "Prompts longer than a model's context lost their start, as in lm-eval: Trained BoolQ 3 of 20, MMLU 6 of 10.",
    );
    expect(truncationSentence([model('Trained', makeEvaluation({ wnli: task('wnli', 2) }))])).toBeUndefined();
  });
});
