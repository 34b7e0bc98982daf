import { comparisonUnits } from '../judge/comparison-unit.ts';
import { poolComparisons } from '../judge/pooled-comparison.ts';
import type { PooledComparison } from '../judge/pooled-comparison.ts';
import { compareTask } from '../judge/task-comparison.ts';
import type { TaskComparison } from '../judge/task-comparison.ts';
import type { ReportedModel, RunReportInput } from './run-report-input.ts';

/** "trained − inherited": one model of a run set against another, task by task. */
export interface ModelContrast {
  readonly label: string;
  readonly from: ReportedModel;
  readonly to: ReportedModel;
  readonly tasks: ReadonlyMap<string, TaskComparison>;
}

export const DEFAULT_CONFIDENCE = 0.95;

/** Trained against inherited (did training help?) and against the reference (what is left to gain?), where both are there. */
export function modelContrasts(input: RunReportInput): ModelContrast[] {
  const model = (key: string): ReportedModel | undefined => input.models.find((one) => one.key === key);
  const trained = model('trained');
  return ['inherited', 'reference'].flatMap((key) => {
    const from = model(key);
    return from === undefined || trained === undefined ? [] : [contrast(from, trained, input)];
  });
}

/** The mean of the given tasks' differences; undefined where one of them could not be compared. */
export function pooledDifference(
  { tasks }: ModelContrast,
  names: readonly string[],
): PooledComparison | undefined {
  const compared = names.flatMap((name) => {
    const one = tasks.get(name);
    return one?.status === 'compared' ? [one.comparison] : [];
  });
  // No p-value is printed for these means: the resampling is not paid for.
  return compared.length === 0 || compared.length < names.length
    ? undefined
    : poolComparisons(compared, { resamples: 1 });
}

function contrast(from: ReportedModel, to: ReportedModel, input: RunReportInput): ModelContrast {
  const options = { confidence: input.confidence ?? DEFAULT_CONFIDENCE, resamples: 1 };
  const units = comparisonUnits(from.result, to.result);
  const subjects = units.flatMap((unit) =>
    unit.members.length === 1 ? [] : unit.members.map((name) => ({ name, members: [name] })),
  );
  const compared = [...units, ...subjects].map(
    (unit) => [unit.name, compareTask(unit, from.result, to.result, options)] as const,
  );
  return { label: `${to.key} − ${from.key}`, from, to, tasks: new Map(compared) };
}
