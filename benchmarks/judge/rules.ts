import { DEFAULT_GATES } from '../../src/judge/gates.ts';
import { decide } from '../../src/judge/decide.ts';
import { judge } from '../../src/judge/judgement.ts';
import type { Judgement } from '../../src/judge/judgement.ts';
import type { JudgedResult } from '../../src/judge/judged-result.ts';
import { taskMeans } from './draw.ts';

/** Both models of one report, and what earlier, equally good ones scored. */
export interface ReportDraw {
  readonly base: JudgedResult;
  readonly head: JudgedResult;
  /** By task: means of ten earlier models. */
  readonly history: ReadonlyMap<string, readonly number[]>;
  readonly seed: number;
}

export interface Rule {
  readonly name: string;
  readonly label: string;
  /** Whether the report says that head is worse; `undecided` where the rule knows that it cannot tell. */
  readonly decide: (draw: ReportDraw) => 'alarm' | 'undecided' | 'pass';
}

/** 999 resamples: the smallest p-value times the family of eleven still lies below 5 %. */
const RESAMPLES = 999;

/** Every rule raises an alarm where any of the ten tasks does; gains are no alarms for any of them. */
export const RULES: readonly Rule[] = [
  {
    name: 'judge',
    label: 'this judge (accepts 1 point)',
    decide: (draw) => judged(draw, DEFAULT_GATES.maximumDropPoints),
  },
  { name: 'judge0', label: 'this judge (accepts 0 points)', decide: (draw) => judged(draw, 0) },
  {
    name: 'relative5',
    label: 'fixed tolerance, 5 % of base',
    decide: anyTask((base, head) => head.mean < 0.95 * base.mean),
  },
  {
    name: 'relative8',
    label: 'fixed tolerance, 8 % of base',
    decide: anyTask((base, head) => head.mean < 0.92 * base.mean),
  },
  {
    name: 'unpairedZ',
    label: 'unpaired z, 5 % per task (lm-eval’s comparator)',
    decide: anyTask(
      (base, head) =>
        (head.mean - base.mean) / Math.hypot(base.standardError, head.standardError) < -1.959964,
    ),
  },
  {
    name: 'twoSigma',
    label: 'two standard errors of base and 1 %',
    decide: anyTask(
      (base, head) =>
        base.mean - head.mean > 2 * base.standardError && base.mean - head.mean > 0.01 * base.mean,
    ),
  },
  {
    name: 'iqr',
    label: 'below Q1 − 1.5 IQR of ten earlier runs',
    decide: anyTask((_, head, history) => {
      const [first, third] = [quantile(history, 0.25), quantile(history, 0.75)];
      return head.mean < first - 1.5 * (third - first);
    }),
  },
];

interface Moments {
  readonly mean: number;
  readonly standardError: number;
}

/** One judgement serves both settings: the accepted drop takes part in the last step only. */
const judgements = new WeakMap<ReportDraw, Judgement>();

function judged(draw: ReportDraw, maximumDropPoints: number): 'alarm' | 'undecided' | 'pass' {
  let judgement = judgements.get(draw);
  if (judgement === undefined) {
    const { base, head, seed } = draw;
    judgement = judge(base, head, { maximumDropPoints: 0, confidence: 0.95 }, { seed, resamples: RESAMPLES });
    judgements.set(draw, judgement);
  }
  const { gates, tasks, pooled } = judgement;
  const all = [
    ...tasks.flatMap((task) =>
      'compared' in task ? [{ ...task.compared.comparison, adjustedPValue: task.adjustedPValue }] : [],
    ),
    ...(pooled === undefined ? [] : [pooled]),
  ];
  const states = all.map(
    ({ difference, interval, items, adjustedPValue }) =>
      decide(
        {
          difference,
          lowerBound: interval.lower,
          adjustedPValue,
          identical: false,
          items,
          smallestDetectable: 0,
        },
        { ...gates, maximumDropPoints },
      ).state,
  );
  if (states.includes('regression')) return 'alarm';
  return states.at(-1) === 'noRegressionLargerThan' ? 'pass' : 'undecided';
}

const means = new WeakMap<JudgedResult, ReturnType<typeof taskMeans>>();

function meansOf(result: JudgedResult): ReturnType<typeof taskMeans> {
  const known = means.get(result) ?? taskMeans(result);
  means.set(result, known);
  return known;
}

function anyTask(
  isWorse: (base: Moments, head: Moments, history: readonly number[]) => boolean,
): (draw: ReportDraw) => 'alarm' | 'pass' {
  return ({ base, head, history }) => {
    const after = meansOf(head);
    const worse = [...meansOf(base)].some(([task, before]) =>
      isWorse(before, after.get(task)!, history.get(task)!),
    );
    return worse ? 'alarm' : 'pass';
  };
}

/** Linear between order statistics, as R's default (type 7). */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const [left, right] = [sorted[low]!, sorted[Math.min(low + 1, sorted.length - 1)]!];
  return left + (place - low) * (right - left);
}
