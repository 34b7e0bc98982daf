import type { ComparisonFacts } from '../report/comparison-facts.ts';
import { renderComparison } from '../report/comparison-report.ts';
import type { RenderedComparison } from '../report/comparison-report.ts';
import { escapeMarkdown } from '../report/escape-markdown.ts';
import { renderGrowthComparison } from '../report/growth-comparison.ts';
import { inOneForm } from '../store/compact-model.ts';
import { factsOfRecords, runsOverSeeds, validationOverSeeds } from '../store/comparison-facts.ts';
import { isGrown } from '../store/run-record.ts';
import type { RunRecord } from '../store/run-record.ts';
import type { BaselineFound } from './baseline.ts';
import type { Variant } from './variant.ts';
import type { Verdict } from './verdict.ts';

/** A variant and its baseline. */
export interface Pair {
  readonly variant: Variant;
  readonly found: BaselineFound;
}

/** What a variant came to beside its baseline, as Markdown. */
export interface ComparedVariant {
  readonly verdict: Verdict;
  readonly text: string;
}

interface CompareOptions {
  readonly maximumDropPoints: number;
  readonly confidence: number;
  readonly reportUrl: string;
}

/** Compares one variant with its baseline; `pairs` are those of the whole report, among which its other seeds are. */
export function compared(
  variant: Variant,
  found: BaselineFound,
  pairs: readonly Pair[],
  { reportUrl, ...gates }: CompareOptions,
): ComparedVariant {
  if (found.state === 'absent')
    return { verdict: 'noBaseline', text: `## ➖ ${escapeMarkdown(found.reason)}` };
  const labels = { base: found.label, head: variant.name, reportUrl };
  const facts = comparisonFacts(found, variant);
  const { record: head } = variant;
  const base = found.record?.content;
  const records = recordsOf(pairs);
  if (isGrown(base) && isGrown(head)) {
    const sides = {
      base: runsOverSeeds(base, records.base.filter(isGrown)),
      head: runsOverSeeds(head, records.head.filter(isGrown)),
    };
    return comparison(renderGrowthComparison(sides, labels, gates, facts));
  }
  if (found.state === 'grown' || variant.result === undefined) {
    const text = `## ⚠️ Incomparable: ${found.state === 'grown' ? 'base' : 'head'} is a growing run and the other side is not`;
    return { verdict: 'incomparable', text: `${text}\n\nBase: ${escapeMarkdown(found.label)}.` };
  }
  const results = inOneForm([found.result, variant.result] as const);
  // Their spread is what a difference of validation losses is judged by. Nothing where one side has no record.
  const validation =
    base === undefined || head === undefined
      ? {}
      : {
          validation: {
            base: validationOverSeeds(base, records.base),
            head: validationOverSeeds(head, records.head),
          },
        };
  return comparison(renderComparison(...results, labels, gates, facts, validation));
}

/** Of both sides of all variants: among them are runs that differ in their seeds only. */
function recordsOf(pairs: readonly Pair[]): Record<'base' | 'head', RunRecord[]> {
  return {
    base: pairs.flatMap(({ found }) => (found.state === 'absent' ? [] : (found.record?.content ?? []))),
    head: pairs.flatMap(({ variant }) => variant.record ?? []),
  };
}

/** What two records tell beside their scores; nothing where one side has none. */
function comparisonFacts(
  { label, record: base }: Exclude<BaselineFound, { state: 'absent' }>,
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

function comparison({
  verdict,
  markdown,
}: Pick<RenderedComparison, 'verdict' | 'markdown'>): ComparedVariant {
  return { verdict, text: markdown.trimEnd() };
}
