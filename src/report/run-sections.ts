import { markdownTable } from 'markdown-table';
import { headlineMetric } from '../judge/headline-metric.ts';
import type { JudgedTask } from '../judge/judged-result.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import type { ModelContrast } from './model-contrast.ts';
import { count, duration, fixed, NO_VALUE, percentWithError, perplexity, signed } from './number-format.ts';
import type { InheritanceFacts, ReportedModel, RunReportInput, TrainingFacts } from './run-report-input.ts';
import { reuseText } from './reuse-text.ts';
import { inPaperOrder, taskLabel } from './task-names.ts';

/** Loss in nats per token, perplexity and tokens of each model that has them. */
export function validationTable(models: readonly ReportedModel[]): string | undefined {
  const rows = models.flatMap(({ label, result: { validation } }) =>
    validation === undefined
      ? []
      : [
          [
            escapeMarkdown(label),
            fixed(validation.lossNats, 3),
            perplexity(validation.perplexity),
            count(validation.tokens),
          ],
        ],
  );
  return rows.length === 0
    ? undefined
    : table([['Model', 'Validation loss (nats per token)', 'Perplexity', 'Tokens'], ...rows]);
}

/** What was run: the inheritance, the training, the models' sizes, then the caller's own facts. */
export function factsTable({ models, inherit, training, facts }: RunReportInput): string {
  const rows = [
    ...models.map(({ label, parameters }) => [`Parameters, ${label}`, count(parameters)]),
    ...inheritanceFacts(inherit),
    ...trainingFacts(training),
    ...Object.entries(facts).map(([name, value]) => [name, factText(value)]),
  ];
  return markdownTable([['Fact', 'Value'], ...rows.map((row) => row.map((cell) => escapeMarkdown(cell)))], {
    alignDelimiters: false,
  });
}

/** Each stage with its time, and what was taken over from an earlier run or from the baseline. */
export function stagesSection({
  stages,
  baseline,
}: Pick<RunReportInput, 'stages' | 'baseline'>): string | undefined {
  if (stages.length === 0) return undefined;
  const reused = stages.filter((stage) => stage.status === 'reused').map((stage) => stage.name);
  const rows = stages.map(({ name, status, seconds, from, why }) => [
    escapeMarkdown(name),
    status === 'done'
      ? `done${why === undefined ? '' : ` (${escapeMarkdown(why)})`}`
      : from === undefined
        ? 'reused'
        : 'reused from the baseline',
    duration(seconds),
  ]);
  const sentence =
    baseline !== undefined
      ? escapeMarkdown(baselineSentence({ stages, baseline }), Infinity)
      : reused.length === 0
        ? 'No stage was taken over from an earlier run.'
        : `Taken over from an earlier run with the same inputs: ${reused.map((name) => escapeMarkdown(name)).join(', ')} (the time is what it took then).`;
  return `${sentence}\n\n${table([['Stage', 'Status', 'Time'], ...rows])}`;
}

/** What a run with a baseline took over, and the first stage that was given something else. Not escaped. */
export function baselineSentence({
  stages,
  baseline,
}: Pick<RunReportInput, 'stages'> & { readonly baseline: NonNullable<RunReportInput['baseline']> }): string {
  const named = (status: 'done' | 'reused'): string[] =>
    stages.filter((stage) => stage.status === status).map((stage) => stage.name);
  const { id, firstChange } = baseline;
  const first =
    firstChange === null
      ? `Every stage was given what it was given in the baseline ${id}.`
      : `First stage that differs from the baseline ${id}: ${firstChange}.`;
  return `${reuseText(named('reused'), named('done'))} ${first}`;
}

/** Metrics that are not the headline, such as PIQA's acc_norm. */
export function furtherMetrics(models: readonly ReportedModel[]): string | undefined {
  const names = new Set(models.flatMap(({ result }) => Object.keys(result.tasks)));
  const rows = inPaperOrder([...names], (name) => name).flatMap((task) => {
    const results = models.map(({ result }) => result.tasks[task]);
    const metrics = [...new Set(results.flatMap(metricNames))].filter(
      (metric) => !metric.endsWith('_stderr'),
    );
    const headline = headlineMetric(task, metrics);
    return metrics
      .filter((metric) => metric !== headline)
      .map((metric) => [
        escapeMarkdown(`${taskLabel(task)} (${metric})`),
        ...results.map((result) => metricText(result, metric)),
      ]);
  });
  return rows.length === 0
    ? undefined
    : table([['Task', ...models.map(({ label }) => escapeMarkdown(label))], ...rows]);
}

/** Log-likelihood margins of the right answers (nats): they move long before an accuracy does. */
export function marginTable(contrasts: readonly ModelContrast[]): string | undefined {
  const names = [...new Set(contrasts.flatMap(({ tasks }) => [...tasks.keys()]))];
  const isShown = (name: string): boolean => !name.startsWith('mmlu_');
  const rows = inPaperOrder(names.filter(isShown), (name) => name).flatMap((task) => {
    const cells = contrasts.map(({ tasks }) => {
      const one = tasks.get(task);
      if (one?.status !== 'compared' || one.margin === undefined) return undefined;
      const { difference, interval } = one.margin;
      return `${signed(difference, 3)} [${signed(interval.lower, 3)}, ${signed(interval.upper, 3)}]`;
    });
    if (cells.every((cell) => cell === undefined)) return [];
    return [[escapeMarkdown(taskLabel(task)), ...cells.map((cell) => cell ?? NO_VALUE)]];
  });
  return rows.length === 0
    ? undefined
    : table([['Task', ...contrasts.map(({ label }) => escapeMarkdown(label))], ...rows]);
}

/** A folded section; `body` must be block-level Markdown. */
export function details(summary: string, body: string): string {
  return `<details>\n<summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

function inheritanceFacts(inherit: InheritanceFacts | undefined): string[][] {
  if (inherit === undefined) return [];
  return [
    ['Inherited from', inherit.source],
    ['Inherited blocks', `${ranges(inherit.blocks)} (${inherit.blocks.length} of ${inherit.sourceBlocks})`],
    ['Carried along', inherit.carried.length === 0 ? 'nothing' : inherit.carried.join(', ')],
  ];
}

function trainingFacts(training: TrainingFacts | undefined): string[][] {
  if (training === undefined) return [['Training', 'none']];
  const rate = training.tokens / training.seconds;
  const throughput =
    training.seconds > 0 && Number.isFinite(rate) ? `, ${count(rate)} tokens per second` : '';
  return [
    ['Optimizer steps', count(training.steps)],
    ['Tokens trained on', count(training.tokens)],
    ['Training time', `${duration(training.seconds)}${throughput}`],
    ['Precision', training.precision],
  ];
}

/** Block numbers as runs: 0, 1, 2, 5 is "0–2, 5". Order is kept, as a model may take blocks in another one. */
function ranges(blocks: readonly number[]): string {
  const runs: { from: number; to: number }[] = [];
  for (const block of blocks) {
    const run = runs.at(-1);
    if (run !== undefined && block === run.to + 1) run.to = block;
    else runs.push({ from: block, to: block });
  }
  return runs.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}

function factText(value: string | number): string {
  if (typeof value === 'string') return value;
  return Number.isFinite(value) ? String(value) : NO_VALUE;
}

function metricNames(result: JudgedTask | undefined): string[] {
  return result?.status === 'scored' ? Object.keys(result.metrics) : [];
}

function metricText(result: JudgedTask | undefined, metric: string): string {
  const value = result?.status === 'scored' ? result.metrics[metric] : undefined;
  if (typeof value !== 'number' || result?.status !== 'scored') return NO_VALUE;
  return percentWithError(value, result.metrics[`${metric}_stderr`]);
}

function table(rows: readonly (readonly string[])[]): string {
  const align = (rows[0] ?? []).map((_, column) => (column === 0 ? 'l' : 'r'));
  return markdownTable(rows, { align, alignDelimiters: false });
}
