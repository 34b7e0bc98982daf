import type { EvaluationResult } from '../evaluate/result.ts';
import { comparisonUnits } from './comparison-unit.ts';
import { decide } from './decide.ts';
import { smallestDetectableDifference } from './detectable-effect.ts';
import { completeGates } from './gates.ts';
import type { Gates } from './gates.ts';
import { holmAdjust } from './holm.ts';
import type { PairedOptions } from './paired-comparison.ts';
import { poolComparisons } from './pooled-comparison.ts';
import type { PooledComparison } from './pooled-comparison.ts';
import { compareTask } from './task-comparison.ts';
import type { ComparedTask, TaskComparison } from './task-comparison.ts';
import type { Decision, OverallVerdict, TaskVerdict } from './verdict.ts';

export interface Judgement {
  readonly gates: Gates;
  readonly overall: OverallVerdict;
  readonly tasks: readonly TaskVerdict[];
  /** The mean over all compared tasks; absent where none could be compared. */
  readonly pooled:
    | (PooledComparison & {
        readonly adjustedPValue: number;
        readonly smallestDetectablePoints: number;
        readonly decision: Decision;
      })
    | undefined;
}

/**
 * Judges head against base: every task by its headline metric on paired items, and their mean. The tasks and the mean
 * form one family under Holm's correction, so that two runs of equally good models raise a false alarm
 * anywhere in at most 1 − confidence of all comparisons (about half of that, as gains are no alarms).
 */
export function judge(
  base: EvaluationResult,
  head: EvaluationResult,
  gates: Parameters<typeof completeGates>[0],
  options: Pick<PairedOptions, 'seed' | 'resamples'> = {},
): Judgement {
  const complete = completeGates(gates);
  const units = comparisonUnits(base, head);
  const paired = { ...options, confidence: complete.confidence };
  const differences = environmentDifferences(base, head, complete.sameEnvironment);
  const comparisons = units.map((unit): TaskComparison => {
    const comparison = compareTask(unit, base, head, paired);
    const [other] = differences;
    return comparison.status === 'compared' && other !== undefined
      ? { status: 'incomparable', task: unit.name, ...other }
      : comparison;
  });
  return judgeComparisons(comparisons, complete, options);
}

function judgeComparisons(
  comparisons: readonly TaskComparison[],
  gates: Gates,
  options: Pick<PairedOptions, 'seed' | 'resamples'>,
): Judgement {
  const compared = comparisons.filter((one) => one.status === 'compared');
  const pooled =
    compared.length === 0
      ? undefined
      : poolComparisons(
          compared.map((one) => one.comparison),
          options,
        );
  const family = compared.length + 1;
  const adjusted = holmAdjust([...compared.map((one) => one.comparison.pValue), pooled?.pValue ?? 1]);
  const adjustedOf = new Map<TaskComparison, number>(compared.map((one, i) => [one, adjusted[i]!]));
  const tasks = comparisons.map((one): TaskVerdict => {
    if (one.status !== 'compared') {
      const { status, ...rest } = one;
      return { state: status, ...rest } as Exclude<TaskVerdict, { compared: ComparedTask }>;
    }
    const adjustedPValue = adjustedOf.get(one) ?? 1;
    const decision = decide(
      { ...evidence(one.comparison, gates, family), adjustedPValue, identical: one.identical },
      gates,
    );
    return { ...decision, compared: one, adjustedPValue };
  });
  if (pooled === undefined) return { gates, overall: blocked(tasks) ?? nothingCompared(), tasks, pooled };
  const pooledEvidence = {
    ...evidence(pooled, gates, family),
    adjustedPValue: adjusted[family - 1]!,
    identical: compared.every((one) => one.identical),
  };
  const decision = decide(pooledEvidence, gates);
  const dropped = tasks.filter((task) => task.state === 'regression').map((task) => task.compared.task);
  const overall: OverallVerdict =
    dropped.length > 0 || decision.state === 'regression'
      ? { state: 'regression', tasks: dropped, pooledDrop: decision.state === 'regression' }
      : (blocked(tasks) ?? decision);
  const { adjustedPValue, smallestDetectable } = pooledEvidence;
  return {
    gates,
    overall,
    tasks,
    pooled: { ...pooled, adjustedPValue, smallestDetectablePoints: 100 * smallestDetectable, decision },
  };
}

function evidence(
  { difference, interval, items }: Pick<PooledComparison, 'difference' | 'interval' | 'items'>,
  gates: Gates,
  family: number,
): { difference: number; lowerBound: number; items: number; smallestDetectable: number } {
  const smallestDetectable = smallestDetectableDifference(interval, gates.confidence, family);
  return { difference, lowerBound: interval.lower, items, smallestDetectable };
}

/** A task that vanished or cannot be paired keeps the whole comparison from passing. */
function blocked(tasks: readonly TaskVerdict[]): OverallVerdict | undefined {
  const missing = tasks.filter((task) => task.state === 'missing');
  if (missing.length > 0) return { state: 'missing', tasks: missing.map((task) => task.task) };
  const incomparable = tasks.filter((task) => task.state === 'incomparable');
  if (incomparable.length === 0) return undefined;
  const differences = new Map(
    incomparable.map(({ field, base, head }) => [`${field}\n${base}\n${head}`, { field, base, head }]),
  );
  return {
    state: 'incomparable',
    differences: [...differences.values()],
    tasks: incomparable.map((task) => task.task),
  };
}

function nothingCompared(): OverallVerdict {
  const differences = [{ field: 'item set', base: 'no task in common', head: 'no task in common' }];
  return { state: 'incomparable', differences, tasks: [] };
}

function environmentDifferences(
  base: EvaluationResult,
  head: EvaluationResult,
  keys: readonly string[],
): { field: string; base: string; head: string }[] {
  return keys.flatMap((key) => {
    const [left, right] = [
      String(base.environment[key] ?? 'not recorded'),
      String(head.environment[key] ?? 'not recorded'),
    ];
    return left === right ? [] : [{ field: `environment ${key}`, base: left, head: right }];
  });
}
