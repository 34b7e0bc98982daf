import type { JudgedResult } from '../judge/judged-result.ts';
import type { ComparisonFacts } from '../report/comparison-facts.ts';
import { renderComparison } from '../report/comparison-report.ts';
import type { RenderedComparison } from '../report/comparison-report.ts';
import { escapeMarkdown } from '../report/escape-markdown.ts';
import type { ReportedModel } from '../report/run-report-input.ts';
import { scoreRows } from '../report/score-rows.ts';
import { markdownScoreTable, missingScores } from '../report/score-table.ts';
import { inOneForm } from '../store/compact-model.ts';
import { factsOfRecords } from '../store/comparison-facts.ts';
import type { RunRecord } from '../store/run-record.ts';
import type { BaselineFound, BaselineSource } from './baseline.ts';
import type { Verdict } from './verdict.ts';
import { worstVerdict } from './verdict.ts';

/** One column of the merged table. */
export interface Variant {
  /** As in the input `variant`. */
  readonly name: string;
  /** Which of a record's models it is compared with. */
  readonly model: string;
  readonly result: JudgedResult;
  /** What beside the scores is compared: the first stage that differs, cost, losses. */
  readonly record?: RunRecord | undefined;
  /** Where that record lies, for the command that repeats the comparison. */
  readonly recordFile?: string | undefined;
}

export interface VariantJudgement {
  readonly verdict: Verdict;
  /** Markdown, most important first; empty where there is no baseline setting. */
  readonly markdown: string;
}

export interface JudgeOptions {
  readonly baseline: BaselineSource | undefined;
  readonly maximumDropPoints: number;
  readonly confidence: number;
  readonly reportUrl: string;
}

/**
 * Compares every variant with its baseline. With V variants each is judged at a V-th of the error rate (Bonferroni), so that the
 * whole report keeps the confidence that was asked for.
 * @throws StoreError or RecordError for a baseline that is there and cannot be read
 */
export async function judgeVariants(
  variants: readonly Variant[],
  options: JudgeOptions,
): Promise<VariantJudgement> {
  const { baseline, maximumDropPoints, reportUrl } = options;
  if (baseline === undefined) return { verdict: 'none', markdown: '' };
  const confidence = 1 - (1 - options.confidence) / Math.max(1, variants.length);
  const verdicts: Verdict[] = [];
  const blocks: { readonly verdict: Verdict; readonly text: string }[] = [];
  for (const variant of variants) {
    const found = await baseline.find(variant);
    const text =
      found.state === 'absent'
        ? { verdict: 'noBaseline' as const, text: `## ➖ ${escapeMarkdown(found.reason)}` }
        : comparison(
            renderComparison(
              ...inOneForm([found.result, variant.result] as const),
              { base: found.label, head: variant.name, reportUrl },
              { maximumDropPoints, confidence },
              comparisonFacts(found, variant),
            ),
          );
    verdicts.push(text.verdict);
    blocks.push(
      variants.length === 1
        ? text
        : { ...text, text: `# Variant ${escapeMarkdown(variant.name)}\n\n${text.text}` },
    );
  }
  const verdict = worstVerdict(verdicts);
  const note =
    variants.length === 1
      ? []
      : [
          `<sub>${String(variants.length)} variants, each judged at a confidence of ${confidence.toPrecision(4)}, so that the whole report keeps ${String(options.confidence)}.</sub>`,
        ];
  // The worst first: shortening keeps a text from the top.
  const order = blocks.toSorted((a, b) => rank(a.verdict) - rank(b.verdict));
  return { verdict, markdown: [...order.map(({ text }) => text), ...note].join('\n\n') };
}

/** One table with a column for each variant, and what is not in it as a number. */
export function variantTable(variants: readonly Variant[]): string {
  const models: ReportedModel[] = variants.map(({ name, result }) => ({
    key: name,
    label: name,
    result,
    parameters: result.parameters,
  }));
  const rows = scoreRows(
    {
      title: '',
      models,
      inherit: undefined,
      training: undefined,
      facts: {},
      stages: [],
      command: '',
    },
    [],
  );
  const missing = missingScores(rows, models).map((line) => `- ${escapeMarkdown(line)}`);
  return [
    '## Scores',
    rows.length === 0 ? 'No task was evaluated.' : markdownScoreTable(rows, models, []),
    ...(missing.length === 0 ? [] : [`### Not scored\n\n${missing.join('\n')}`]),
  ].join('\n\n');
}

/** What two records tell beside their scores; nothing where one side has none. */
function comparisonFacts(
  { label, record: base }: Extract<BaselineFound, { state: 'found' }>,
  { record: head, recordFile }: Variant,
): ComparisonFacts {
  if (base === undefined || head === undefined) return {};
  return {
    ...factsOfRecords(base.content, head),
    baseline: label,
    commands: {
      ...{ base: base.content.command, head: head.command },
      compare: `inheritune compare ${base.source} ${recordFile ?? 'record.json'}`,
    },
  };
}

function comparison({ verdict, markdown }: RenderedComparison): { verdict: Verdict; text: string } {
  return { verdict, text: markdown.trimEnd() };
}

function rank(verdict: Verdict): number {
  const order: readonly Verdict[] = ['missing', 'regression', 'incomparable', 'cannotTell', 'noBaseline'];
  const found = order.indexOf(verdict);
  return found === -1 ? order.length : found;
}
