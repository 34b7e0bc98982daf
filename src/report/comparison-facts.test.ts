import { describe, expect, it } from 'vitest';
import { makeBinaryTask, makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import type { ComparisonFacts } from './comparison-facts.ts';
import { shellWord } from './comparison-facts.ts';
import { renderComparison } from './comparison-report.ts';
import { COMMENT_LIMIT } from './github-limits.ts';
import { fitToLimit } from './fit-to-limit.ts';
import { withoutFolders } from './score-table.ts';
import { validationChart } from './validation-chart.ts';

const gates = { maximumDropPoints: 1, confidence: 0.95 };
const cost = {
  ...{ gpuMinutes: 90, minutes: 95, trainedTokens: 1_000_000, evaluatedTokens: 20_000 },
  ...{ peakMemoryBytes: 31.5e9, trainTokensPerSecond: 7_000 },
};
const facts: ComparisonFacts = {
  baseline: 'runs/nightly/a.json: merge base abc',
  curves: {
    kind: 'validation',
    base: [10, 20, 30].map((step) => ({ step, lossNats: 4 - step / 100 })),
    head: [10, 20, 30].map((step) => ({ step, lossNats: 4.1 - step / 100 })),
  },
  cost: { base: cost, head: { ...cost, gpuMinutes: 0, peakMemoryBytes: null } },
  reuse: 'No stage changed: 0 GPU-minutes.',
  firstDifference: { stage: 'token stream', base: 'aaa', head: 'bbb' },
  commands: { base: 'inheritune run a.yml', head: 'inheritune run b.yml', compare: 'inheritune compare a b' },
};
const tasks = (right: number) =>
  makeEvaluation({
    piqa: makeBinaryTask('piqa', [1, 0, 1]),
    boolq: makeBinaryTask(
      'boolq',
      Array.from({ length: 400 }, (_, i) => Number(i < right)),
    ),
  });

describe('the whole comment', () => {
  const { markdown } = renderComparison(tasks(400), tasks(300), { base: 'a', head: 'b' }, gates, facts);

  it('has its parts in the order of importance', () => {
    const parts = [
      ...['## ❌ Regression', '**Next:**', '### Needs attention', '### All tasks', '```mermaid'],
      ...['### Cost and origin', 'First stage that differs: **token stream** (aaa in base, bbb in head)'],
      ...['No stage changed: 0 GPU-minutes.', '| GPU time | 1 h 30 min | 0 GPU-minutes |', '<details>'],
    ];
    const places = parts.map((part) => markdown.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it('gives one command for each row, failing rows first', () => {
    expect(markdown).toContain(
      [
        ...['# base', 'inheritune run a.yml', '# head', 'inheritune run b.yml', '# one row each'],
        ...['inheritune compare a b --tasks boolq', 'inheritune compare a b --tasks piqa'],
      ].join('\n'),
    );
  });

  it('says what was not measured, and nothing where nothing is known', () => {
    expect(markdown).toContain('| Peak memory | 31.50 GB | not measured |');
    const bare = renderComparison(tasks(400), tasks(400), { base: 'a', head: 'b' }, gates).markdown;
    expect(bare).not.toMatch(/Cost|mermaid|Get a row/);
  });

  it('keeps verdict, next step and failing rows within any limit', () => {
    const short = fitToLimit(markdown, { ...COMMENT_LIMIT, maximum: 900 });
    expect(short.length).toBeLessThanOrEqual(900);
    expect(short).toMatch(/^## ❌ Regression[\s\S]*\*\*Next:\*\*[\s\S]*\| BoolQ \| regression/);
  });

  it('shows the asked-for rows only, judged as part of all', () => {
    const one = renderComparison(tasks(400), tasks(300), { base: 'a', head: 'b' }, gates, {
      ...facts,
      only: ['piqa'],
    });
    expect(one.verdict).toBe('regression');
    expect(one.markdown).toContain('| PIQA |');
    expect(one.markdown).not.toContain('| BoolQ |');
  });
});

describe('the validation loss', () => {
  const of = (lossNats: number) => ({ ...tasks(400), validation: { lossNats, perplexity: 1, tokens: 9 } });
  const text = (validation?: { base: number[]; head: number[] }): string =>
    renderComparison(
      of(3),
      of(3.5),
      { base: 'a', head: 'b' },
      gates,
      {},
      validation === undefined ? {} : { validation },
    ).markdown;

  it('of one seed each is shown and said to be unknown', () => {
    expect(text()).toContain(
      '3.0000 → 3.5000 nats per token (+0.5000); whether that is more than chance is unknown',
    );
    expect(text()).toContain('## ✅ No regression');
  });

  it('far beyond the seed spread makes the report red', () => {
    const red = text({ base: [3, 3.01, 2.99], head: [3.5, 3.51, 3.49] });
    expect(red).toContain('## ❌ Regression of the validation loss: 3.0000 → 3.5000');
    expect(red).toContain('3 and 3 seeds');
  });
});

describe('validationChart', () => {
  it('reads both curves at the same steps', () => {
    const chart = validationChart({
      kind: 'training',
      base: [
        { step: 0, lossNats: 9 },
        { step: 10, lossNats: 4 },
        { step: 20, lossNats: 3 },
      ],
      head: [
        { step: 5, lossNats: 6 },
        { step: 15, lossNats: 4 },
      ],
    });
    expect(chart).toContain('x-axis "Optimizer step" 5 --> 15');
    expect(chart).toContain('line [6.5000, 4.0000, 3.5000]');
    expect(chart).toContain('line [6.0000, 5.0000, 4.0000]');
  });

  it('draws nothing from one point, or from curves that do not meet', () => {
    const point = [{ step: 1, lossNats: 3 }];
    const late = [5, 6].map((step) => ({ step, lossNats: 3 }));
    expect(validationChart({ kind: 'training', base: point, head: late })).toBeUndefined();
    expect(validationChart({ kind: 'training', base: late, head: [] })).toBeUndefined();
  });
});

describe('shellWord', () => {
  it.each([
    ['a/b.json', 'a/b.json'],
    ['a b', "'a b'"],
    ["it's", `'it'\\''s'`],
    ['$(rm)', "'$(rm)'"],
    ['', "''"],
  ])('%j is %s', (text, word) => {
    expect(shellWord(text)).toBe(word);
  });
});

describe('withoutFolders', () => {
  it.each([
    ['wsc.jsonl is not in /home/runner/work/repo/data/eval', 'wsc.jsonl is not in data/eval'],
    ['C:\\Users\\x\\data\\eval is empty', 'data/eval is empty'],
    ['see https://example.org/a/b/c', 'see https://example.org/a/b/c'],
    ['boolq or mnli/matched failed', 'boolq or mnli/matched failed'],
  ])('%s', (reason, short) => {
    expect(withoutFolders(reason)).toBe(short);
  });
});
