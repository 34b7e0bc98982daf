import type { ComparisonFacts } from '../report/comparison-facts.ts';
import { renderComparison } from '../report/comparison-report.ts';
import type { RenderedComparison } from '../report/comparison-report.ts';
import { escapeMarkdown } from '../report/escape-markdown.ts';
import type { ReportedModel } from '../report/run-report-input.ts';
import { scoreRows } from '../report/score-rows.ts';
import { markdownScoreTable, missingScores } from '../report/score-table.ts';
import { compactModel, inOneForm } from '../store/compact-model.ts';
import { factsOfRecords, validationOverSeeds } from '../store/comparison-facts.ts';
import { scoresHash } from '../store/scores-hash.ts';
import type { BaselineFound, BaselineSource } from './baseline.ts';
import type { Variant } from './variant.ts';
import type { Verdict } from './verdict.ts';
import { worstVerdict } from './verdict.ts';

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
  const pairs: { readonly variant: Variant; readonly found: BaselineFound }[] = [];
  for (const variant of variants) pairs.push({ variant, found: await baseline.find(variant) });
  const verdicts: Verdict[] = [];
  const blocks: { readonly verdict: Verdict; readonly text: string }[] = [];
  for (const { variant, found } of pairs) {
    const text =
      found.state === 'absent'
        ? { verdict: 'noBaseline' as const, text: `## ➖ ${escapeMarkdown(found.reason)}` }
        : comparison(
            renderComparison(
              ...inOneForm([found.result, variant.result] as const),
              { base: found.label, head: variant.name, reportUrl },
              { maximumDropPoints, confidence },
              comparisonFacts(found, variant),
              overSeeds(found, variant, pairs),
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

/** One table with a column for each variant, before them the models that they have in common, and what is not in it as a number. */
export function variantTable(variants: readonly Variant[]): string {
  const columns = [...commonModels(variants), ...variants.map(({ name, result }) => ({ name, result }))];
  const results = inOneForm(columns.map(({ result }) => result));
  const models = columns.map(({ name }, i): ReportedModel => {
    const result = results[i]!;
    return { key: name, label: name, result, parameters: result.parameters };
  });
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

/** Of one variant all its models; of several those that gave every one of them the same scores, as the reference of a matrix does. */
function commonModels(variants: readonly Variant[]): { name: string; result: Variant['result'] }[] {
  return (variants[0]?.others ?? []).flatMap(({ model, result }) => {
    const own = variants.map(({ others }) => others?.find((each) => each.model === model)?.result);
    const hashes = own.map(
      (each) => each && scoresHash(compactModel(each, model, {}, { margins: false }).tasks),
    );
    return hashes.every((hash) => hash !== undefined && hash === hashes[0]) ? [{ name: model, result }] : [];
  });
}

/**
 * The validation losses of a variant and of its siblings that differ from it in their seeds only, on both sides: their spread is
 * what a difference is judged by. Nothing where one side has no record; the two own losses are then shown, and judged by nobody.
 */
function overSeeds(
  found: Extract<BaselineFound, { state: 'found' }>,
  { record }: Variant,
  pairs: readonly { readonly variant: Variant; readonly found: BaselineFound }[],
): Parameters<typeof renderComparison>[5] {
  const base = found.record?.content;
  if (base === undefined || record === undefined) return {};
  const heads = pairs.flatMap(({ variant }) => variant.record ?? []);
  const bases = pairs.flatMap((pair) =>
    pair.found.state === 'found' ? (pair.found.record?.content ?? []) : [],
  );
  return {
    validation: { base: validationOverSeeds(base, bases), head: validationOverSeeds(record, heads) },
  };
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
