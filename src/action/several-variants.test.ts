import { describe, expect, it } from 'vitest';
import { makeBinaryTask, makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import type { EvaluationResult } from '../evaluate/result.ts';
import { COMMENT_LIMIT } from '../report/github-limits.ts';
import type { BaselineSource } from './baseline.ts';
import { judgeVariants } from './judge-variants.ts';
import { renderMessage } from './message.ts';
import { describeOutcome } from './outcome-text.ts';
import { severalVariants } from './several-variants.ts';
import type { Variant } from './variant.ts';

const TASKS = ['wsc', 'piqa', 'boolq', 'winogrande', 'wnli', 'qnli', 'mnli'];
const evaluation = (right: number): EvaluationResult =>
  makeEvaluation(
    Object.fromEntries(
      TASKS.map((task) => [
        task,
        makeBinaryTask(
          task,
          Array.from({ length: 400 }, (_, i) => Number(i < right)),
        ),
      ]),
    ),
  );
const RUN = 'https://github.com/o/r/actions/runs/1';
const baseline: BaselineSource = {
  find: () => Promise.resolve({ state: 'found', label: 'merge base abc', result: evaluation(380) }),
};

/** What the judge says of variants that answer so many of 400 questions a task. */
async function judged(right: Readonly<Record<string, number>>): Promise<string> {
  const variants = Object.entries(right).map(([name, count]): Variant => ({
    name,
    model: 'trained',
    result: evaluation(count),
  }));
  const options = { baseline, maximumDropPoints: 1, confidence: 0.95, reportUrl: RUN };
  return (await judgeVariants(variants, options)).markdown;
}

function comment(report: string): string {
  const outcome = describeOutcome({ kind: 'regression' }, 'out');
  const parts = { outcome, headSha: 'a'.repeat(40), recipe: 'x.yml', runUrl: RUN, report, stderrTail: '' };
  const text = renderMessage(parts, COMMENT_LIMIT);
  expect(text.length).toBeLessThanOrEqual(COMMENT_LIMIT.maximum);
  return text;
}

const nameOf = (i: number): string => `small.layers-${String(i).padStart(3, '0')}`;
/** The last two are as good as before. */
const worse = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [nameOf(i), i < count - 2 ? 150 : 380]));

/** What a reader finds under the heading of a variant, before its details. */
function urgentOf(text: string, name: string): string {
  return text.split(`# Variant ${name}\n`)[1]?.split(/^# /m)[0] ?? '';
}

describe('a comment about several variants', () => {
  it('has the verdict and the failing rows of each before the details of any', async () => {
    const text = comment(await judged(worse(3)));
    const places = [
      ...['## Variants', `# Variant ${nameOf(0)}\n`, '### Needs attention', `# Variant ${nameOf(2)}\n`],
      ...[`# Variant ${nameOf(0)}, all of it`, '### All tasks', `# Variant ${nameOf(2)}, all of it`],
    ].map((part) => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('keeps all failing rows of twenty that became worse', async () => {
    const text = comment(await judged(worse(20)));
    expect(text).toContain('Shortened to fit here');
    for (let i = 0; i < 18; i++)
      expect([i, urgentOf(text, nameOf(i)).match(/\| regression \|/g)?.length]).toEqual([i, TASKS.length]);
  });

  it('keeps the verdict of every one of 256, the most that a matrix has', async () => {
    const [bad, good] = [await judged({ one: 150 }), await judged({ one: 380 })];
    const many = Array.from({ length: 256 }, (_, i) => ({ name: nameOf(i), text: i < 254 ? bad : good }));
    const text = comment(severalVariants(many));
    const table = text.slice(text.indexOf('## Variants')).split('\n\n')[1]!.split('\n').slice(2);
    expect(table.map((row) => row.split(' | ')[0])).toEqual(many.map(({ name }) => `| ${name}`));
    expect(table.map((row) => row.includes('| ❌ Regression on 7 of 7 tasks'))).toEqual(
      many.map((_, i) => i < 254),
    );
  });
});
