import type { GroupResult } from '../evaluate/result.ts';
import { PAPER_TASKS } from '../evaluate/tasks/paper-tasks.ts';
import { headlineMetric } from '../judge/headline-metric.ts';
import type { JudgedResult, JudgedTask } from '../judge/judged-result.ts';
import type { Interval } from '../judge/paired-binary.ts';
import { groupBaselines, subjectsOf } from './group-summaries.ts';
import { pooledDifference } from './model-contrast.ts';
import type { ModelContrast } from './model-contrast.ts';
import type { ReportedModel, RunReportInput } from './run-report-input.ts';
import { inPaperOrder, taskLabel } from './task-names.ts';

export type ScoreCell =
  | { readonly status: 'scored'; readonly value: number; readonly standardError: number | 'N/A' | undefined }
  | { readonly status: 'unavailable' | 'failed' | 'absent'; readonly reason: string };

export type DifferenceCell =
  | { readonly status: 'compared'; readonly difference: number; readonly interval: Interval }
  | { readonly status: 'none'; readonly reason: string };

/** One row of the score table, before it is text; fractions. */
export interface ScoreRow {
  readonly task: string;
  /** Not escaped. */
  readonly label: string;
  /** Documents of the first model that has them. */
  readonly items: number | undefined;
  readonly uniform: number | undefined;
  readonly constant: number | undefined;
  /** In the order of the models. */
  readonly scores: readonly ScoreCell[];
  /** In the order of the contrasts. */
  readonly differences: readonly DifferenceCell[];
}

/** Tasks in the paper's order, their mean, then groups weighted by question (micro) and by subject (macro). */
export function scoreRows({ models }: RunReportInput, contrasts: readonly ModelContrast[]): ScoreRow[] {
  const groups = wholeGroups(models.map((model) => model.result));
  const members = new Set([...groups.values()].flatMap((group) => [...group.tasks, ...group.missing]));
  const names = new Set(models.flatMap((model) => Object.keys(model.result.tasks)));
  const tasks = inPaperOrder(
    [...names].filter((name) => !members.has(name)),
    (name) => name,
  );
  const rows = tasks.map((task) => taskRow(task, models, contrasts));
  return [
    ...rows,
    ...meanRow(rows, contrasts),
    ...[...groups.keys()].flatMap((name) => groupRows(name, models, contrasts)),
  ];
}

/** Groups that are no part of a larger one, from whichever model has them. */
export function wholeGroups(results: readonly JudgedResult[]): Map<string, GroupResult> {
  const all = results.flatMap((result) => Object.entries(result.groups));
  const largestFirst = all.sort(([, a], [, b]) => b.tasks.length - a.tasks.length);
  const whole = new Map<string, GroupResult>();
  for (const [name, group] of largestFirst) {
    const isPart = [...whole.values()].some((larger) =>
      larger.tasks.some((task) => group.tasks.includes(task)),
    );
    if (!isPart && !whole.has(name)) whole.set(name, group);
  }
  return whole;
}

function taskRow(
  task: string,
  models: readonly ReportedModel[],
  contrasts: readonly ModelContrast[],
): ScoreRow {
  const results = models.map((model) => model.result.tasks[task]);
  const scored = results.find((result) => result?.status === 'scored');
  const metric = scored === undefined ? undefined : headlineMetric(task, Object.keys(scored.metrics));
  return {
    task,
    label: taskLabel(task, metric),
    items: scored?.docs,
    uniform: scored?.baselines.uniform,
    constant: scored?.baselines.constant ?? undefined,
    scores: results.map((result) => scoreCell(result, metric)),
    differences: contrasts.map(({ tasks }) => differenceCell(tasks.get(task))),
  };
}

function scoreCell(result: JudgedTask | undefined, metric: string | undefined): ScoreCell {
  if (result === undefined) return { status: 'absent', reason: 'not evaluated' };
  if (result.status !== 'scored') return result;
  const value = metric === undefined ? undefined : result.metrics[metric];
  return typeof value === 'number' && Number.isFinite(value)
    ? { status: 'scored', value, standardError: result.metrics[`${metric}_stderr`] }
    : { status: 'failed', reason: `its ${metric ?? 'metric'} is no number` };
}

function differenceCell(
  one: ModelContrast['tasks'] extends ReadonlyMap<string, infer T> ? T | undefined : never,
): DifferenceCell {
  if (one?.status === 'compared') return { status: 'compared', ...one.comparison };
  if (one === undefined) return { status: 'none', reason: 'not evaluated' };
  return { status: 'none', reason: one.status === 'incomparable' ? `other ${one.field}` : one.reason };
}

/** Over those of the paper's nine (else over all tasks) that every model has, or means would be of different things. */
function meanRow(rows: readonly ScoreRow[], contrasts: readonly ModelContrast[]): ScoreRow[] {
  const everywhere = rows.filter((row) => row.scores.every((cell) => cell.status === 'scored'));
  const paper = everywhere.filter((row) => (PAPER_TASKS as readonly string[]).includes(row.task));
  const used = paper.length > 0 ? paper : everywhere;
  if (used.length < 2) return [];
  const names = used.map((row) => row.task);
  const mean = (values: readonly (number | undefined)[]): number | undefined =>
    values.every((value) => value !== undefined)
      ? values.reduce((sum, v) => sum + v, 0) / values.length
      : undefined;
  return [
    {
      task: 'mean',
      label: `Mean of ${used.length}`,
      items: used.reduce((sum, row) => sum + (row.items ?? 0), 0),
      uniform: mean(used.map((row) => row.uniform)),
      constant: undefined,
      scores: (used[0]?.scores ?? []).map((_, model) => meanCell(used.map((row) => row.scores[model]))),
      differences: contrasts.map((one) => pooledCell(one, names)),
    },
  ];
}

function meanCell(cells: readonly (ScoreCell | undefined)[]): ScoreCell {
  const scored = cells.filter((cell) => cell?.status === 'scored');
  const errors = scored.map((cell) =>
    typeof cell.standardError === 'number' ? cell.standardError : Number.NaN,
  );
  return {
    status: 'scored',
    value: scored.reduce((sum, cell) => sum + cell.value, 0) / scored.length,
    standardError: Math.hypot(...errors) / scored.length,
  };
}

function pooledCell(contrast: ModelContrast, names: readonly string[]): DifferenceCell {
  const pooled = pooledDifference(contrast, names);
  return pooled === undefined
    ? { status: 'none', reason: 'not all tasks could be compared' }
    : { status: 'compared', difference: pooled.difference, interval: pooled.interval };
}

function groupRows(
  name: string,
  models: readonly ReportedModel[],
  contrasts: readonly ModelContrast[],
): ScoreRow[] {
  const groups = models.map((model) => model.result.groups[name]);
  const first = models.find((model) => model.result.groups[name] !== undefined);
  const members = first?.result.groups[name]?.tasks ?? [];
  const baselines = groupBaselines(subjectsOf(first?.result, first?.result.groups[name]));
  const absent = { status: 'absent', reason: 'a subject failed or was not evaluated' } as const;
  const macroError = (model: ReportedModel): number =>
    Math.hypot(...members.map((task) => standardErrorOf(model.result.tasks[task]))) / members.length;
  const shared = { task: name, items: first?.result.groups[name]?.docs };
  return [
    {
      ...shared,
      label: `${taskLabel(name)}, by question`,
      ...{ uniform: baselines.uniform, constant: baselines.constant },
      scores: groups.map((group) =>
        group === undefined
          ? absent
          : { status: 'scored', value: group.acc, standardError: group.acc_stderr },
      ),
      differences: contrasts.map(({ tasks }) => differenceCell(tasks.get(name))),
    },
    {
      ...shared,
      label: `${taskLabel(name)}, by subject`,
      ...{ uniform: baselines.macroUniform, constant: undefined },
      scores: models.map((model, i) => {
        const group = groups[i];
        return group === undefined
          ? absent
          : { status: 'scored', value: group.macro_acc, standardError: macroError(model) };
      }),
      differences: contrasts.map((one) => pooledCell(one, members)),
    },
  ];
}

function standardErrorOf(task: JudgedTask | undefined): number {
  const error = task?.status === 'scored' ? task.metrics['acc_stderr'] : undefined;
  return typeof error === 'number' ? error : Number.NaN;
}
