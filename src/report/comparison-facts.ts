import { markdownTable } from 'markdown-table';
import type { Judgement } from '../judge/judgement.ts';
import { codeBlock, escapeMarkdown } from './escape-markdown.ts';
import { count, duration, fixed, NO_VALUE } from './number-format.ts';
import { inPaperOrder } from './task-names.ts';
import type { LossCurves } from './validation-chart.ts';

export interface CostFacts {
  readonly gpuMinutes: number;
  readonly minutes: number;
  readonly trainedTokens: number;
  readonly evaluatedTokens: number;
  readonly peakMemoryBytes: number | null;
  readonly trainTokensPerSecond: number | null;
}

/** What a comparison can tell beside the scores; whatever is not known is left out of the report. */
export interface ComparisonFacts {
  /** Which record base is, and why that one. */
  readonly baseline?: string;
  readonly curves?: LossCurves;
  readonly cost?: { readonly base: CostFacts; readonly head: CostFacts };
  /** What head took over: "No stage changed: 0 GPU-minutes." */
  readonly reuse?: string;
  /** The first stage that left something else in head than in base; null where none did. */
  readonly firstDifference?: { readonly stage: string; readonly base: string; readonly head: string } | null;
  readonly commands?: {
    /** What base and head were made with. */
    readonly base?: string;
    readonly head?: string;
    /** The comparison itself, to which ` --tasks NAME` can be added. */
    readonly compare: string;
  };
  /** The tables show these tasks only. */
  readonly only?: readonly string[];
}

/** Baseline, first difference and reuse, a line each; undefined where nothing of it is known. */
export function originList({ baseline, firstDifference, reuse }: ComparisonFacts): string | undefined {
  const lines = [
    baseline === undefined ? undefined : `- Baseline: ${escapeMarkdown(baseline)}`,
    firstDifference === undefined
      ? undefined
      : firstDifference === null
        ? '- First stage that differs: none, every stage left the same'
        : `- First stage that differs: **${escapeMarkdown(firstDifference.stage)}** (${escapeMarkdown(firstDifference.base)} in base, ${escapeMarkdown(firstDifference.head)} in head)`,
    reuse === undefined ? undefined : `- ${escapeMarkdown(reuse)}`,
  ].filter((line) => line !== undefined);
  return lines.length === 0 ? undefined : lines.join('\n');
}

export function costTable({ cost }: ComparisonFacts): string | undefined {
  if (cost === undefined) return undefined;
  const row = (name: string, text: (side: CostFacts) => string): string[] => [
    name,
    text(cost.base),
    text(cost.head),
  ];
  const rows = [
    ['Cost', 'Base', 'Head'],
    row('GPU time', ({ gpuMinutes }) => (gpuMinutes === 0 ? '0 GPU-minutes' : duration(60 * gpuMinutes))),
    row('Time in all stages', ({ minutes }) => duration(60 * minutes)),
    row('Tokens trained on', ({ trainedTokens }) => count(trainedTokens)),
    row('Tokens evaluated', ({ evaluatedTokens }) => count(evaluatedTokens)),
    row('Training rate (tokens per second)', ({ trainTokensPerSecond }) =>
      trainTokensPerSecond === null ? NO_VALUE : count(trainTokensPerSecond),
    ),
    row('Peak memory', ({ peakMemoryBytes }) =>
      peakMemoryBytes === null ? 'not measured' : `${fixed(peakMemoryBytes / 1e9, 2)} GB`,
    ),
  ];
  return markdownTable(rows, { align: ['l', 'r', 'r'], alignDelimiters: false });
}

/** The commands that made both sides, and one line for each row; regressed and missing tasks first. */
export function reproduceBlock({ tasks }: Judgement, { commands }: ComparisonFacts): string | undefined {
  if (commands === undefined) return undefined;
  const failing = new Set(['regression', 'missing', 'incomparable']);
  const named = inPaperOrder(
    tasks.map((task) => ({ name: 'compared' in task ? task.compared.task : task.task, state: task.state })),
    ({ name }) => name,
  );
  const ordered = [
    ...named.filter(({ state }) => failing.has(state)),
    ...named.filter(({ state }) => !failing.has(state)),
  ];
  const rows = ordered.map(({ name }) => `${commands.compare} --tasks ${shellWord(name)}`);
  return commandBlock(commands, ['# one row each', ...rows]);
}

/** The commands that made both sides, and those that compare them. */
export function commandBlock(
  { base, head }: NonNullable<ComparisonFacts['commands']>,
  comparing: readonly string[],
): string {
  const lines = [
    ...(base === undefined ? [] : ['# base', base]),
    ...(head === undefined ? [] : ['# head', head]),
    ...comparing,
  ];
  return codeBlock(lines.join('\n'), 'sh');
}

/** Text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.split("'").join(`'\\''`)}'`;
}
