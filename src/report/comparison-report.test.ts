import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  makeBinaryTask,
  makeEvaluation,
  simulateEvaluation,
} from '../../test/fixtures/judge/make-evaluation.ts';
import type { EvaluationResult } from '../evaluate/result.ts';
import { renderComparison } from './comparison-report.ts';

const gates = { maximumDropPoints: 1, confidence: 0.95 };
const labels = { base: 'main', head: 'feature' };
const repeat = (score: number, times: number): number[] => new Array<number>(times).fill(score);
const binary = (...scores: number[]): EvaluationResult =>
  makeEvaluation({ boolq: makeBinaryTask('boolq', scores) });

describe('renderComparison', () => {
  it('a regression: verdict first, then what to do, then the failing task, then the table', () => {
    const { markdown, verdict, summary } = renderComparison(
      binary(...repeat(1, 400)),
      binary(...repeat(1, 340), ...repeat(0, 60)),
      labels,
      gates,
    );
    expect(verdict).toBe('regression');
    expect(summary).toBe(
      'Regression on 1 of 1 task: BoolQ (mean −15.00 points, 95 % interval −18.83 to −11.83)',
    );
    const places = [
      'Regression on 1 of 1',
      '**Next:**',
      '### Needs attention',
      '### All tasks',
      '<details>',
    ].map((part) => markdown.indexOf(part));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(markdown).toContain(
      '| BoolQ | regression | 100.00 → 85.00: −15.00 [−18.83, −11.83] points; 60 items lost, 0 gained |',
    );
    expect(markdown).toContain(
      '| BoolQ | 400 | 100.00 | 85.00 | −15.00 [−18.83, −11.83] | < 0.0001 | **regression** |',
    );
  });

  it('no regression, identical results, and too few items', () => {
    const same = renderComparison(binary(1, 0, 1), binary(1, 0, 1), labels, gates);
    expect(same).toMatchObject({
      verdict: 'noRegression',
      summary: 'No regression: every log-likelihood is identical',
    });
    expect(same.markdown).not.toContain('### Needs attention');
    const better = renderComparison(binary(...repeat(0, 400)), binary(...repeat(1, 400)), labels, gates);
    expect(better.summary).toMatch(
      /^No regression larger than 1\.00 points on the mean over 1 task \(\+100\.00 points/,
    );
    const few = renderComparison(binary(1, 0, 1, 1), binary(1, 1, 0, 1), labels, gates);
    expect(few.verdict).toBe('cannotTell');
    expect(few.markdown).toMatch(/cannot tell: sees \d+\.\d\d or more, needs n ≈ [\d,]+/);
  });

  it('a missing task stands above the numbers, with its reason', () => {
    const base = makeEvaluation({ boolq: makeBinaryTask('boolq', [1]), qnli: makeBinaryTask('qnli', [1]) });
    const head = makeEvaluation({
      boolq: makeBinaryTask('boolq', [1]),
      qnli: { status: 'failed', reason: 'SIGKILL' },
    });
    const { markdown, verdict } = renderComparison(base, head, labels, gates);
    expect(verdict).toBe('missing');
    expect(markdown).toContain('## ⚠️ Missing in head: QNLI');
    expect(markdown).toContain('| QNLI | missing | in head, qnli failed: SIGKILL |');
  });

  it('an incomparable pair names what differs and prints no difference', () => {
    const other = { ...binary(1, 0), environment: { device: 'GPU', driver: '1', precision: 'bfloat16' } };
    const { markdown, verdict } = renderComparison(binary(1, 0), other, labels, gates);
    expect(verdict).toBe('incomparable');
    expect(markdown).toContain('| BoolQ | incomparable | environment device: CPU in base, GPU in head |');
    expect(markdown).not.toContain('### All tasks');
  });

  it('a new task is listed and judged by nobody', () => {
    const head = makeEvaluation({ boolq: makeBinaryTask('boolq', [1]), piqa: makeBinaryTask('piqa', [1]) });
    const { markdown, verdict } = renderComparison(binary(1), head, labels, gates);
    expect(verdict).toBe('noRegression');
    expect(markdown).toContain('### Not judged\n\n- PIQA: not in base');
  });

  it('without a limit it does not ask for items that do not exist', () => {
    const next = (limit: number | null): string =>
      renderComparison({ ...binary(1, 0, 1), limit }, { ...binary(1, 1, 0), limit }, labels, gates).markdown;
    expect(next(null)).toContain('the datasets are used up');
    expect(next(3)).toMatch(/evaluate more items: about [\d,]+ in all instead of 3/);
  });

  it('the link is the second line', () => {
    const { markdown, link } = renderComparison(
      binary(1),
      binary(1),
      { ...labels, reportUrl: 'https://x.org/a>b' },
      gates,
    );
    expect(link).toBe('Full report: <https://x.org/a%3Eb>');
    expect(markdown.split('\n')[2]).toBe(link);
  });

  it('hostile names, reasons and hashes break no table and reach no reader of HTML', () => {
    const hostile = '|x`@octocat <!-- sticky --> <img src=x> $& \n| a | b |\n\n```\n</details>';
    const base = makeEvaluation(
      {
        [hostile]: makeBinaryTask('boolq', [1]),
        other: makeBinaryTask('x', [1]),
        boolq: makeBinaryTask('boolq', [1, 0]),
      },
      { model: hostile, environment: { [hostile]: hostile } },
    );
    const head = makeEvaluation(
      {
        [hostile]: { status: 'failed', reason: hostile },
        other: { ...makeBinaryTask('x', [1]), itemSetHash: hostile },
      },
      { model: hostile },
    );
    const { markdown } = renderComparison(
      base,
      head,
      { base: hostile, head: hostile },
      { ...gates, sameEnvironment: [] },
    );
    expect(markdown).not.toMatch(/<!--|<img|@octocat|\$/);
    expect(markdown.split('<details>')).toHaveLength(markdown.split('</details>').length);
    expectWholeTables(markdown);
  });

  it('prints no NaN for any pair of runs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(99), fc.nat(99), (n, one, two) => {
        const { markdown } = renderComparison(
          simulateEvaluation(n, 0.5, one),
          simulateEvaluation(n, 0.2, two),
          labels,
          gates,
        );
        expect(markdown).not.toMatch(/NaN|undefined|Infinity|null/);
        expectWholeTables(markdown);
      }),
      { numRuns: 15 },
    );
  });
});

/** Every table's rows have as many cells as its head. */
function expectWholeTables(markdown: string): void {
  const tables = markdown.match(/(^\|.*\n)+/gm) ?? [];
  for (const table of tables) {
    const widths = table
      .trim()
      .split('\n')
      .map((line) => line.split('|').length);
    expect(new Set(widths).size, table).toBe(1);
  }
}
