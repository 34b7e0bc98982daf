import { markdownTable } from 'markdown-table';
import type { JudgedResult } from '../judge/judged-result.ts';
import type { Judgement } from '../judge/judgement.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { count, duration, fixed, NO_VALUE, perplexity, signed } from './number-format.ts';
import { inPaperOrder, taskLabel } from './task-names.ts';

/** Margins of base and head in nats with the difference; undefined where no task has them. */
export function comparisonMargins({ tasks }: Judgement): string | undefined {
  const compared = tasks.flatMap((task) => ('compared' in task ? [task.compared] : []));
  const rows = inPaperOrder(compared, (one) => one.task).flatMap(({ task, margin }) => {
    if (margin === undefined) return [];
    const { base, head, difference, interval } = margin;
    return [
      [
        escapeMarkdown(taskLabel(task)),
        fixed(base, 3),
        fixed(head, 3),
        `${signed(difference, 3)} [${signed(interval.lower, 3)}, ${signed(interval.upper, 3)}]`,
      ],
    ];
  });
  if (rows.length === 0) return undefined;
  const align = ['l', 'r', 'r', 'r'];
  return markdownTable([['Task', 'Base', 'Head', 'Difference'], ...rows], { align, alignDelimiters: false });
}

/** Both sides' model, size, validation loss and environment; rows that differ are bold. */
export function environmentTable(base: JudgedResult, head: JudgedResult): string {
  const keys = [...new Set([...Object.keys(base.environment), ...Object.keys(head.environment)])];
  const rows: (readonly [string, string, string])[] = [
    ['Model', base.model, head.model],
    ['Parameters', count(base.parameters), count(head.parameters)],
    ['Limit', limitText(base.limit), limitText(head.limit)],
    ['Validation loss (nats per token)', lossText(base), lossText(head)],
    ['Evaluation time', duration(base.seconds), duration(head.seconds)],
    ...keys.map((key) => [key, environmentText(base, key), environmentText(head, key)] as const),
  ];
  const cells = rows.map(([name, left, right]) => {
    const label = escapeMarkdown(name);
    return [left === right ? label : `**${label}**`, escapeMarkdown(left), escapeMarkdown(right)];
  });
  return markdownTable([['', 'Base', 'Head'], ...cells], { alignDelimiters: false });
}

function limitText(limit: number | null): string {
  return limit === null ? 'none' : String(limit);
}

function lossText({ validation }: JudgedResult): string {
  return validation === undefined
    ? NO_VALUE
    : `${fixed(validation.lossNats, 3)} (perplexity ${perplexity(validation.perplexity)})`;
}

function environmentText({ environment }: JudgedResult, key: string): string {
  const value = environment[key];
  return value === undefined ? NO_VALUE : String(value);
}
