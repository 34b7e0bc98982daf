import type { completeGates } from '../judge/gates.ts';
import type { JudgedResult } from '../judge/judged-result.ts';
import { judge } from '../judge/judgement.ts';
import type { JudgeOptions, Judgement } from '../judge/judgement.ts';
import { costTable, originList, reproduceBlock } from './comparison-facts.ts';
import type { ComparisonFacts } from './comparison-facts.ts';
import { comparedTable, methodNotes, stoppingTable, unjudgedList } from './comparison-tables.ts';
import { comparisonMargins, environmentTable } from './comparison-details.ts';
import { lossText, nextStep, verdictLine } from './comparison-verdict.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { details } from './run-sections.ts';
import { validationChart } from './validation-chart.ts';

export interface ComparisonLabels {
  /** What base and head are to the reader: file names, branches, commits. */
  readonly base: string;
  readonly head: string;
  /** Where the whole report stands, for readers of a shortened one. */
  readonly reportUrl?: string;
}

export interface RenderedComparison {
  readonly markdown: string;
  /** One line without markup, for a terminal, an annotation or a check's title. */
  readonly summary: string;
  readonly verdict: 'regression' | 'noRegression' | 'cannotTell' | 'incomparable' | 'missing';
  /** Ready line of Markdown for `fitToLimit`; empty without a `reportUrl`. */
  readonly link: string;
  readonly judgement: Judgement;
}

/**
 * Judges head against base and writes the report: verdict in one line, what to do next, regressed, missing and incomparable
 * tasks, then every task and the mean, the validation loss, cost, what was reused, the first stage that differs, and how to
 * get a row again; details folded. The order is that of importance, as `fitToLimit` cuts from the end.
 * @param facts what the results themselves do not say; each is left out where it is not known
 * @throws JudgeError for gates out of range
 */
export function renderComparison(
  base: JudgedResult,
  head: JudgedResult,
  labels: ComparisonLabels,
  gates: Parameters<typeof completeGates>[0],
  facts: ComparisonFacts = {},
  options: JudgeOptions = {},
): RenderedComparison {
  const judgement = judge(base, head, gates, options);
  const summary = verdictLine(judgement);
  const link = fullReportLink(labels);
  const shown = onlyTasks(judgement, facts.only);
  const loss = lossText(judgement);
  const { state } = judgement.overall;
  const verdict = state === 'noRegressionLargerThan' ? 'noRegression' : state;
  const blocks = [
    `## ${VERDICT_ICONS[verdict]} ${escapeMarkdown(summary, Infinity)}`,
    link,
    `**Next:** ${escapeMarkdown(nextStep(judgement, base.limit === null), Infinity)}`,
    section('### Needs attention', stoppingTable(shown)),
    section('### All tasks', comparedTable(shown)),
    `<sub>Base: ${escapeMarkdown(labels.base)}. Head: ${escapeMarkdown(labels.head)}. Difference = head − base on the same items.</sub>`,
    section('### Not judged', unjudgedList(shown)),
    section('### Validation loss', loss === '' ? undefined : `${escapeMarkdown(loss, Infinity)}.`),
    facts.curves === undefined ? '' : (validationChart(facts.curves) ?? ''),
    section('### Cost and origin', joined([originList(facts), costTable(facts)])),
    folded('Get a row again', reproduceBlock(shown, facts)),
    folded('Log-likelihood margin of the right answer (nats, not judged)', comparisonMargins(shown)),
    details('Models and environment', environmentTable(base, head)),
    details('How this was judged', methodNotes(judgement)),
  ];
  return {
    markdown: `${blocks.filter((block) => block !== '').join('\n\n')}\n`,
    summary,
    verdict,
    link,
    judgement,
  };
}

/** For the tables only: verdicts are those of the whole family, whatever is shown. */
function onlyTasks(judgement: Judgement, only: readonly string[] | undefined): Judgement {
  if (only === undefined) return judgement;
  const tasks = judgement.tasks.filter((task) =>
    only.includes('compared' in task ? task.compared.task : task.task),
  );
  return { ...judgement, tasks };
}

function section(heading: string, body: string | undefined): string {
  return body === undefined ? '' : `${heading}\n\n${body}`;
}

function folded(summary: string, body: string | undefined): string {
  return body === undefined ? '' : details(summary, body);
}

function joined(parts: readonly (string | undefined)[]): string | undefined {
  const given = parts.filter((part) => part !== undefined);
  return given.length === 0 ? undefined : given.join('\n\n');
}

export const VERDICT_ICONS: Readonly<Record<RenderedComparison['verdict'], string>> = {
  regression: '❌',
  noRegression: '✅',
  cannotTell: '❔',
  missing: '⚠️',
  incomparable: '⚠️',
};

/** Empty without a `reportUrl`. */
export function fullReportLink({ reportUrl }: ComparisonLabels): string {
  return reportUrl === undefined ? '' : `Full report: <${safeUrl(reportUrl)}>`;
}

/** A URL that cannot leave its angle brackets. */
function safeUrl(url: string): string {
  return url.replace(/[\s<>\\]/g, (character) => encodeURIComponent(character));
}
