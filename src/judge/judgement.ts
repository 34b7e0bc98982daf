import { comparisonUnits } from './comparison-unit.ts';
import { decide } from './decide.ts';
import { smallestDetectableDifference } from './detectable-effect.ts';
import { completeGates } from './gates.ts';
import type { Gates } from './gates.ts';
import { holmAdjust } from './holm.ts';
import type { JudgedResult } from './judged-result.ts';
import type { PairedOptions } from './paired-comparison.ts';
import { poolComparisons } from './pooled-comparison.ts';
import type { PooledComparison } from './pooled-comparison.ts';
import { compareTask } from './task-comparison.ts';
import type { ComparedTask, TaskComparison } from './task-comparison.ts';
import { compareValidation } from './validation-comparison.ts';
import type { ValidationComparison, ValidationSides } from './validation-comparison.ts';
import type { Decision, OverallVerdict, TaskVerdict, ValidationVerdict } from './verdict.ts';

export interface JudgeOptions extends Pick<PairedOptions, 'seed' | 'resamples'> {
  /** Of several seeds; the two results' own losses where not given. */
  readonly validation?: ValidationSides;
}

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
  readonly validation: ValidationVerdict;
}

/**
 * Judges head against base: every task by its headline metric on paired items, and their mean. The tasks and the mean
 * form one family under Holm's correction, so that two runs of equally good models raise a false alarm
 * anywhere in at most 1 − confidence of all comparisons (about half of that, as gains are no alarms). The validation loss
 * joins the family where several seeds make it judgeable.
 */
export function judge(
  base: JudgedResult,
  head: JudgedResult,
  gates: Parameters<typeof completeGates>[0],
  options: JudgeOptions = {},
): Judgement {
  const complete = completeGates(gates);
  const units = comparisonUnits(base, head);
  const { validation, ...seeded } = options;
  const paired = { ...seeded, confidence: complete.confidence };
  const differences = [
    ...protocolDifference(base, head),
    ...environmentDifferences(base, head, complete.sameEnvironment),
  ];
  const comparisons = units.map((unit): TaskComparison => {
    const comparison = compareTask(unit, base, head, paired);
    const [other] = differences;
    const isPaired = comparison.status === 'compared' || comparison.status === 'incomparable';
    return isPaired && other !== undefined
      ? { status: 'incomparable', task: unit.name, ...other }
      : comparison;
  });
  return judgeComparisons(comparisons, complete, {
    ...seeded,
    validation: differences.length > 0 ? undefined : (validation ?? ownLosses(base, head)),
  });
}

function ownLosses(base: JudgedResult, head: JudgedResult): ValidationSides {
  const of = ({ validation }: JudgedResult): number[] =>
    validation === undefined ? [] : [validation.lossNats];
  return { base: of(base), head: of(head) };
}

function judgeComparisons(
  comparisons: readonly TaskComparison[],
  gates: Gates,
  options: Pick<PairedOptions, 'seed' | 'resamples'> & { readonly validation: ValidationSides | undefined },
): Judgement {
  const compared = comparisons.filter((one) => one.status === 'compared');
  const pooled =
    compared.length === 0
      ? undefined
      : poolComparisons(
          compared.map((one) => one.comparison),
          options,
        );
  const loss: ValidationComparison =
    options.validation === undefined
      ? { status: 'absent', reason: 'base and head ran in different environments or by different protocols' }
      : compareValidation(options.validation, gates.confidence, compared.length + 2);
  const family = compared.length + (pooled === undefined ? 0 : 1) + (loss.status === 'compared' ? 1 : 0);
  const adjusted = holmAdjust([
    ...compared.map((one) => one.comparison.pValue),
    ...(pooled === undefined ? [] : [pooled.pValue]),
    ...(loss.status === 'compared' ? [loss.pValue] : []),
  ]);
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
  const validation = decideLoss(loss, adjusted.at(-1) ?? 1, gates);
  if (pooled === undefined)
    return { gates, overall: blocked(tasks) ?? nothingCompared(), tasks, pooled, validation };
  const pooledEvidence = {
    ...evidence(pooled, gates, family),
    adjustedPValue: adjusted[compared.length]!,
    identical: compared.every((one) => one.identical),
  };
  const decision = decide(pooledEvidence, gates);
  const dropped = tasks.filter((task) => task.state === 'regression').map((task) => task.compared.task);
  const pooledDrop = decision.state === 'regression';
  const lossRise = validation.status === 'compared' && validation.decision.state === 'regression';
  const overall: OverallVerdict =
    dropped.length > 0 || pooledDrop || lossRise
      ? { state: 'regression', tasks: dropped, pooledDrop, lossRise }
      : (blocked(tasks) ?? decision);
  const { adjustedPValue, smallestDetectable } = pooledEvidence;
  return {
    ...{ gates, overall, tasks, validation },
    pooled: { ...pooled, adjustedPValue, smallestDetectablePoints: 100 * smallestDetectable, decision },
  };
}

/** As `decide`, with the sign turned round: a higher loss is worse. */
export function decideLoss(
  loss: ValidationComparison,
  adjustedPValue: number,
  gates: Gates,
): ValidationVerdict {
  if (loss.status !== 'compared') return loss;
  if (loss.interval.upper < gates.maximumLossRise)
    return {
      ...loss,
      adjustedPValue,
      decision: { state: 'noRegressionLargerThan', nats: gates.maximumLossRise },
    };
  if (loss.difference > 0 && adjustedPValue <= 1 - gates.confidence)
    return { ...loss, adjustedPValue, decision: { state: 'regression' } };
  const { smallestDetectable } = loss;
  return {
    ...loss,
    adjustedPValue,
    decision: { state: 'cannotTell', smallestDetectableNats: smallestDetectable },
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

/** Results from before there were several protocols follow lm-eval's. */
function protocolDifference(base: JudgedResult, head: JudgedResult): Difference[] {
  const [left, right] = [base.protocol ?? 'lm-eval-0.4.13', head.protocol ?? 'lm-eval-0.4.13'];
  return left === right ? [] : [{ field: 'protocol', base: left, head: right }];
}

/** A condition that is not the same on both sides. */
export interface Difference {
  readonly field: string;
  readonly base: string;
  readonly head: string;
}

/** Conditions that two results must share to be compared. */
export function environmentDifferences(
  base: Pick<JudgedResult, 'environment'>,
  head: Pick<JudgedResult, 'environment'>,
  keys: readonly string[],
): Difference[] {
  return keys.flatMap((key) => {
    const [left, right] = [
      String(base.environment[key] ?? 'not recorded'),
      String(head.environment[key] ?? 'not recorded'),
    ];
    return left === right ? [] : [{ field: `environment ${key}`, base: left, head: right }];
  });
}
