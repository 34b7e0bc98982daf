import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  makeBinaryTask,
  makeEvaluation,
  simulateEvaluation,
  simulateTask,
} from '../../test/fixtures/judge/make-evaluation.ts';
import type { EvaluationResult } from '../evaluate/result.ts';
import { judge } from './judgement.ts';
import type { TaskVerdict } from './verdict.ts';
import { seededBits, uniform } from './seeded-random.ts';

const gates = { maximumDropPoints: 1, confidence: 0.95 };
const few = { resamples: 199 };
const binary = (...scores: number[]): EvaluationResult =>
  makeEvaluation({ boolq: makeBinaryTask('boolq', scores) });
const repeat = (score: number, times: number): number[] => new Array<number>(times).fill(score);

describe('judge', () => {
  it('calls a large significant drop a regression and names the task', () => {
    const base = makeEvaluation({
      boolq: makeBinaryTask('boolq', repeat(1, 400)),
      piqa: makeBinaryTask('piqa', [...repeat(1, 200), ...repeat(0, 200)]),
    });
    const head = makeEvaluation({
      boolq: makeBinaryTask('boolq', [...repeat(1, 340), ...repeat(0, 60)]),
      piqa: makeBinaryTask('piqa', [...repeat(1, 200), ...repeat(0, 200)]),
    });
    const judgement = judge(base, head, gates);
    expect(judgement.overall).toEqual({
      ...{ state: 'regression', tasks: ['boolq'] },
      ...{ pooledDrop: true, lossRise: false },
    });
    expect(judgement.tasks.map((task) => task.state)).toEqual(['regression', 'noRegressionLargerThan']);
  });

  it('accepts a significant drop that is surely smaller than X', () => {
    const judgement = judge(
      binary(...repeat(1, 20_000)),
      binary(...repeat(1, 19_940), ...repeat(0, 60)),
      gates,
    );
    expect(judgement.tasks[0]).toMatchObject({ state: 'noRegressionLargerThan', points: 1 });
  });

  it('cannot tell from few items, and says what it could have seen and what it would need', () => {
    const base = binary(...repeat(1, 20), ...repeat(0, 20));
    const head = binary(...repeat(1, 18), ...repeat(0, 20), ...repeat(1, 2));
    const [task] = judge(base, head, gates).tasks;
    expect(task).toMatchObject({ state: 'cannotTell' });
    if (task?.state !== 'cannotTell') throw new Error('not reached');
    expect(task.smallestDetectablePoints).toBeGreaterThan(10);
    expect(task.itemsNeeded).toBeGreaterThan(40 * 100);
  });

  it('a result compared with itself has no regression, however few items', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(1000), (n, seed) => {
        const result = simulateEvaluation(n, 0.5, seed);
        expect(judge(result, result, gates, few).overall.state).toBe('noRegressionLargerThan');
      }),
      { numRuns: 20 },
    );
  });

  it('a better model is never a regression', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(0, 1), fc.constantFrom(0, 1)), { minLength: 1 }),
        (pairs) => {
          const base = binary(...pairs.map(([left]) => left));
          const head = binary(...pairs.map(([left, right]) => Math.max(left, right)));
          expect(judge(base, head, gates, few).overall.state).not.toBe('regression');
        },
      ),
    );
  });

  it('swapping base and head flips the pooled difference', () => {
    const [one, two] = [simulateEvaluation(50, 0.2, 1), simulateEvaluation(50, 0.6, 2)];
    const [forth, back] = [judge(one, two, gates, few).pooled, judge(two, one, gates, few).pooled];
    expect(back?.difference).toBeCloseTo(-(forth?.difference ?? Number.NaN), 12);
    expect(back?.interval.lower).toBeCloseTo(-(forth?.interval.upper ?? Number.NaN), 9);
    expect(back?.pValue).toBe(forth?.pValue);
  });

  it('takes MMLU subjects together as one task', () => {
    const names = judge(simulateEvaluation(20, 0.5, 1), simulateEvaluation(20, 0.5, 2), gates, few).tasks.map(
      (task) => ('compared' in task ? task.compared.task : task.task),
    );
    expect(names).toHaveLength(10);
    expect(names.at(-1)).toBe('mmlu');
  });

  it('judges LogiQA by acc_norm and mc2 by a permutation test', () => {
    const { tasks } = judge(simulateEvaluation(40, 0.5, 1), simulateEvaluation(40, 0.5, 2), gates, few);
    const compared = tasks.flatMap((task) => ('compared' in task ? [task.compared] : []));
    expect(compared.find((task) => task.task === 'logiqa')?.metric).toBe('acc_norm');
    expect(compared.find((task) => task.task === 'truthfulqa_mc2')?.comparison.method).toBe('signFlip');
    expect(compared.find((task) => task.task === 'truthfulqa_mc2')?.margin).toBeUndefined();
    expect(compared.find((task) => task.task === 'boolq')?.margin?.items).toBe(40);
  });
});

describe('judge refuses to compare', () => {
  it('a task that vanished', () => {
    const base = makeEvaluation({ boolq: makeBinaryTask('boolq', [1]), piqa: makeBinaryTask('piqa', [1]) });
    const judgement = judge(base, binary(1), gates);
    expect(judgement.overall).toEqual({ state: 'missing', tasks: ['piqa'] });
    expect(judgement.tasks[1]).toEqual({ state: 'missing', task: 'piqa', reason: 'not in head' });
  });

  it('a task that failed in head, and one whose items are gone', () => {
    const base = makeEvaluation({ boolq: makeBinaryTask('boolq', [1]), piqa: makeBinaryTask('piqa', [1]) });
    const head = makeEvaluation({
      boolq: { status: 'failed', reason: 'out of memory' },
      piqa: { ...makeBinaryTask('piqa', [1]), items: [] },
    });
    expect(judge(base, head, gates).tasks).toEqual([
      { state: 'missing', task: 'boolq', reason: 'in head, boolq failed: out of memory' },
      { state: 'missing', task: 'piqa', reason: 'in head, piqa has no items' },
    ]);
  });

  it('another n, item set, metric set or version, and names the field', () => {
    const base = binary(1, 0);
    const task = makeBinaryTask('boolq', [1, 0]);
    const fieldOf = (head: EvaluationResult): string | undefined => {
      const [verdict] = judge(base, head, gates).tasks;
      return verdict?.state === 'incomparable' ? verdict.field : verdict?.state;
    };
    const items = task.items.map((item) => ({ ...item, scores: { acc: 1, f1: 1 } }));
    expect(fieldOf(binary(1, 0, 1))).toBe('n');
    expect(fieldOf(makeEvaluation({ boolq: { ...task, itemSetHash: 'other' } }))).toBe('item set');
    expect(fieldOf(makeEvaluation({ boolq: { ...task, version: 2 } }))).toBe('task version');
    expect(fieldOf(makeEvaluation({ boolq: { ...task, fewShot: 5 } }))).toBe('few-shot examples');
    expect(fieldOf(makeEvaluation({ boolq: { ...task, items } }))).toBe('metric set');
  });

  it('items that do not pair although the hash says so', () => {
    const task = makeBinaryTask('boolq', [1, 0]);
    const items = task.items.map((item) => ({ ...item, id: `other-${item.id}` }));
    expect(judge(binary(1, 0), makeEvaluation({ boolq: { ...task, items } }), gates).overall.state).toBe(
      'incomparable',
    );
  });

  it('a score that is no number', () => {
    const task = makeBinaryTask('boolq', [1, 0]);
    const items = task.items.map((item) => ({ ...item, scores: { acc: Number.NaN } }));
    const [verdict] = judge(binary(1, 0), makeEvaluation({ boolq: { ...task, items } }), gates).tasks;
    expect(verdict).toMatchObject({
      state: 'incomparable',
      field: 'scores',
      head: '2 items without a finite acc',
    });
  });

  it('runs on different devices or in different precision', () => {
    const head = { ...binary(1, 0), environment: { device: 'CPU', driver: 'none', precision: 'bfloat16' } };
    expect(judge(binary(1, 0), head, gates).overall).toEqual({
      state: 'incomparable',
      differences: [{ field: 'environment precision', base: 'float32', head: 'bfloat16' }],
      tasks: ['boolq'],
    });
  });

  it('scores by different protocols, and names them before what follows from them', () => {
    const old = binary(1, 0);
    const paper = { ...binary(1, 0, 1), protocol: 'inheritune-2024' as const };
    expect(judge(old, paper, gates).overall).toEqual({
      state: 'incomparable',
      differences: [{ field: 'protocol', base: 'lm-eval-0.4.13', head: 'inheritune-2024' }],
      tasks: ['boolq'],
    });
    expect(judge(old, { ...old, protocol: 'lm-eval-0.4.13' }, gates).overall.state).toBe(
      'noRegressionLargerThan',
    );
  });

  it('two results without a common task', () => {
    expect(judge(makeEvaluation({}), makeEvaluation({}), gates).overall.state).toBe('incomparable');
  });

  it('gates out of range', () => {
    expect(() => judge(binary(1), binary(1), { maximumDropPoints: -1, confidence: 0.95 })).toThrow(
      '"maximumDropPoints" is -1',
    );
    expect(() => judge(binary(1), binary(1), { maximumDropPoints: 1, confidence: 95 })).toThrow(
      '"confidence" is 95',
    );
  });
});

describe('groups', () => {
  const evaluation = simulateEvaluation(20, 0.5, 1);
  const part = { ...evaluation.groups['mmlu']!, tasks: ['mmlu_anatomy', 'mmlu_virology'] };
  const withPart = { ...evaluation, groups: { mmlu_stem: part, ...evaluation.groups } };
  const nameOf = (task: TaskVerdict): string => ('compared' in task ? task.compared.task : task.task);

  it('parts of a group are not judged a second time', () => {
    expect(
      judge(withPart, withPart, gates, few)
        .tasks.map(nameOf)
        .filter((name) => name.startsWith('mmlu')),
    ).toEqual(['mmlu']);
  });

  it('a subject that failed in head makes the group missing', () => {
    const tasks = { ...evaluation.tasks, mmlu_virology: { status: 'failed', reason: 'killed' } as const };
    const judgement = judge(evaluation, { ...evaluation, tasks, groups: {} }, gates, few);
    expect(judgement.overall).toEqual({ state: 'missing', tasks: ['mmlu'] });
    expect(judgement.tasks.at(-1)).toMatchObject({ reason: 'in head, mmlu_virology failed: killed' });
  });

  it('a subject without data on both sides is shown and keeps nothing from passing', () => {
    const tasks = { ...evaluation.tasks, mmlu_law: { status: 'unavailable', reason: 'no file' } as const };
    const judgement = judge({ ...evaluation, tasks }, { ...evaluation, tasks }, gates, few);
    expect(judgement.overall.state).toBe('noRegressionLargerThan');
    expect(judgement.tasks.find((task) => nameOf(task) === 'mmlu_law')).toMatchObject({
      state: 'noBaseline',
    });
  });
});

describe('items in another order', () => {
  it('are paired by id', () => {
    const task = makeBinaryTask('boolq', [1, 0, 1, 1]);
    const shuffled = makeEvaluation({ boolq: { ...task, items: [...task.items].reverse() } });
    const [verdict] = judge(makeEvaluation({ boolq: task }), shuffled, gates).tasks;
    expect(verdict).toMatchObject({ state: 'noRegressionLargerThan', compared: { identical: true } });
  });
});

describe('false alarms', () => {
  // Equally good models: each item is answered independently with the same probability. X = 0 makes the gate strictest.
  it('at most 5 % of comparisons of equally good models end as a regression', () => {
    const strict = { maximumDropPoints: 0, confidence: 0.95 };
    const bits = seededBits(2024);
    const draw = (name: string, n: number, p: number): ReturnType<typeof makeBinaryTask> =>
      makeBinaryTask(
        name,
        Array.from({ length: n }, () => Number(uniform(bits) < p)),
      );
    const one = (seed: number): EvaluationResult =>
      makeEvaluation({
        wsc: draw('wsc', 104, 0.5),
        wnli: draw('wnli', 71, 0.45),
        boolq: draw('boolq', 150, 0.6),
        piqa: draw('piqa', 150, 0.7),
        truthfulqa_mc2: simulateTask('truthfulqa_mc2', { items: 60, choices: 4, mass: true }, 0.3, seed),
      });
    const rounds = 300;
    let alarms = 0;
    for (let round = 0; round < rounds; round++) {
      if (
        judge(one(2 * round), one(2 * round + 1), strict, { resamples: 199, seed: round }).overall.state ===
        'regression'
      )
        alarms++;
    }
    expect(alarms / rounds).toBeLessThanOrEqual(0.05);
  });

  it('yet a model that lost 15 points is caught nearly always', () => {
    const bits = seededBits(5);
    const draw = (p: number): EvaluationResult =>
      makeEvaluation({
        piqa: makeBinaryTask(
          'piqa',
          Array.from({ length: 400 }, () => Number(uniform(bits) < p)),
        ),
      });
    let caught = 0;
    for (let round = 0; round < 50; round++) {
      if (judge(draw(0.7), draw(0.55), gates, { resamples: 199 }).overall.state === 'regression') caught++;
    }
    expect(caught).toBeGreaterThan(45);
  });
});
