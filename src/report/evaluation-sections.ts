import { markdownTable } from 'markdown-table';
import type { JudgedResult } from '../judge/judged-result.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { groupSignal, subjectsOf, taskSignal } from './group-summaries.ts';
import type { SignalMean } from './group-summaries.ts';
import { count, fixed, NO_VALUE, percent, signed } from './number-format.ts';
import type { ReportedModel } from './run-report-input.ts';
import { wholeGroups } from './score-rows.ts';
import { inPaperOrder, taskLabel } from './task-names.ts';

/** Continuous signals, with how their means are written. */
const SIGNALS = [
  { key: 'margin', label: 'margin (nats)', text: (value: number) => signed(value, 3) },
  { key: 'bits_per_byte', label: 'bits per byte', text: (value: number) => fixed(value, 3) },
] as const;

/** Each model's mean margin and bits per byte of the right answers, ± standard error; groups over all their items. */
export function signalsTable(models: readonly ReportedModel[]): string | undefined {
  const groups = wholeGroups(models.map(({ result }) => result));
  const members = new Set([...groups.values()].flatMap(({ tasks }) => tasks));
  const tasks = new Set(models.flatMap(({ result }) => Object.keys(result.tasks)));
  const names = [...[...tasks].filter((name) => !members.has(name)), ...groups.keys()];
  const rows = inPaperOrder(names, (name) => name).flatMap((name) =>
    SIGNALS.flatMap(({ key, label, text }) => {
      const means = models.map(({ result }) => signalOf(result, name, key));
      if (means.every((mean) => mean === undefined)) return [];
      return [
        [escapeMarkdown(`${taskLabel(name)}, ${label}`), ...means.map((mean) => signalText(mean, text))],
      ];
    }),
  );
  return rows.length === 0 ? undefined : table(['Task', ...headsOf(models)], rows);
}

/** The scores of the paper's protocol beside lm-eval's, wherever the two differ. */
export function protocolTable(models: readonly ReportedModel[]): string | undefined {
  const rows = models.flatMap(({ label, result: { protocolScores = {} } }) =>
    inPaperOrder(Object.entries(protocolScores), ([name]) => name).flatMap(
      ([name, { metric, value, lmEval }]) => {
        if (lmEval === undefined) return [];
        const cells = [
          taskLabel(name),
          label,
          scoreText(metric, value),
          scoreText(lmEval.metric, lmEval.value),
        ];
        return [cells.map((cell) => escapeMarkdown(cell))];
      },
    ),
  );
  return rows.length === 0 ? undefined : table(['Task', 'Model', 'inheritune-2024', 'lm-eval 0.4.13'], rows);
}

/** One sentence on prompts that the models could not take whole; undefined where there were none. Not escaped. */
export function truncationSentence(models: readonly ReportedModel[]): string | undefined {
  const cut = models.flatMap(({ label, result }) => {
    const parts = truncations(result);
    return parts.length === 0 ? [] : [`${label} ${parts.join(', ')}`];
  });
  if (cut.length === 0) return undefined;
  return `Prompts longer than a model's context lost their start, as in lm-eval: ${cut.join('; ')}.`;
}

/** "QNLI 3 of 20" for every task with prompts that were cut, the subjects of a group together. */
export function truncations(result: JudgedResult): string[] {
  const groups = wholeGroups([result]);
  const members = new Set([...groups.values()].flatMap(({ tasks }) => tasks));
  const single = Object.entries(result.tasks).flatMap(([name, task]) =>
    task.status === 'scored' && !members.has(name) ? [{ name, tasks: [task] }] : [],
  );
  const whole = [...groups].map(([name, group]) => ({ name, tasks: subjectsOf(result, group) }));
  return [...single, ...whole].flatMap(({ name, tasks }) => {
    const cut = tasks.reduce((sum, task) => sum + task.truncatedItems, 0);
    const docs = tasks.reduce((sum, task) => sum + task.docs, 0);
    return cut === 0 ? [] : [`${taskLabel(name)} ${count(cut)} of ${count(docs)}`];
  });
}

function signalOf(result: JudgedResult, name: string, signal: string): SignalMean | undefined {
  const group = result.groups[name];
  return group === undefined
    ? taskSignal(result.tasks[name], signal)
    : groupSignal(subjectsOf(result, group), signal);
}

function signalText(mean: SignalMean | undefined, text: (value: number) => string): string {
  if (mean === undefined) return NO_VALUE;
  const { value, standardError } = mean;
  return typeof standardError === 'number' ? `${text(value)} ± ${fixed(standardError, 3)}` : text(value);
}

function scoreText(metric: string, value: number): string {
  return `${percent(value)} (${metric})`;
}

function headsOf(models: readonly ReportedModel[]): string[] {
  return models.map(({ label }) => escapeMarkdown(label));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const align = head.map((_, column) => (column === 0 ? 'l' : 'r'));
  return markdownTable([head, ...rows], { align, alignDelimiters: false });
}
