import type { EvaluationResult } from '../evaluate/result.ts';
import type { completeGates } from '../judge/gates.ts';
import { judge } from '../judge/judgement.ts';
import type { Judgement } from '../judge/judgement.ts';
import { comparedTable, methodNotes, stoppingTable, unjudgedList } from './comparison-tables.ts';
import { comparisonMargins, environmentTable } from './comparison-details.ts';
import { nextStep, verdictLine } from './comparison-verdict.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { details } from './run-sections.ts';

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
 * Judges head against base and writes the report: verdict in one line, what to do next, regressed, missing and incomparable tasks,
 * then every task and the mean; details folded. The order is that of importance, as `fitToLimit` cuts from the end.
 * @throws JudgeError for gates out of range
 */
export function renderComparison(
  base: EvaluationResult,
  head: EvaluationResult,
  labels: ComparisonLabels,
  gates: Parameters<typeof completeGates>[0],
): RenderedComparison {
  const judgement = judge(base, head, gates);
  const summary = verdictLine(judgement);
  const link = labels.reportUrl === undefined ? '' : `Full report: <${safeUrl(labels.reportUrl)}>`;
  const stopping = stoppingTable(judgement);
  const compared = comparedTable(judgement);
  const unjudged = unjudgedList(judgement);
  const margins = comparisonMargins(judgement);
  const blocks = [
    `## ${icon(judgement)} ${escapeMarkdown(summary, Infinity)}`,
    link,
    `**Next:** ${escapeMarkdown(nextStep(judgement, base.limit === null), Infinity)}`,
    stopping === undefined ? '' : `### Needs attention\n\n${stopping}`,
    compared === undefined ? '' : `### All tasks\n\n${compared}`,
    `<sub>Base: ${escapeMarkdown(labels.base)}. Head: ${escapeMarkdown(labels.head)}. Difference = head − base on the same items.</sub>`,
    unjudged === undefined ? '' : `### Not judged\n\n${unjudged}`,
    margins === undefined
      ? ''
      : details('Log-likelihood margin of the right answer (nats, not judged)', margins),
    details('Models and environment', environmentTable(base, head)),
    details('How this was judged', methodNotes(judgement)),
  ];
  return {
    markdown: `${blocks.filter((block) => block !== '').join('\n\n')}\n`,
    summary,
    verdict: judgement.overall.state === 'noRegressionLargerThan' ? 'noRegression' : judgement.overall.state,
    link,
    judgement,
  };
}

function icon({ overall }: Judgement): string {
  switch (overall.state) {
    case 'regression':
      return '❌';
    case 'noRegressionLargerThan':
      return '✅';
    case 'cannotTell':
      return '❔';
    case 'missing':
    case 'incomparable':
      return '⚠️';
  }
}

/** A URL that cannot leave its angle brackets. */
function safeUrl(url: string): string {
  return url.replace(/[\s<>\\]/g, (character) => encodeURIComponent(character));
}
