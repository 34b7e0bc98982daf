import type { JudgedResult } from '../judge/judged-result.ts';
import { escapeMarkdown } from '../report/escape-markdown.ts';
import { growthHeadline, growthLegend, growthTable } from '../report/growth-table.ts';
import type { ReportedModel } from '../report/run-report-input.ts';
import { scoreRows } from '../report/score-rows.ts';
import { markdownScoreTable, missingScores } from '../report/score-table.ts';
import { compactModel, inOneForm } from '../store/compact-model.ts';
import { isGrown } from '../store/run-record.ts';
import type { GrownRecord } from '../store/run-record.ts';
import { scoresHash } from '../store/scores-hash.ts';
import type { Variant } from './variant.ts';

/** What all variants came to: one table of scores, and one for each variant that grew. */
export function variantTables(variants: readonly Variant[]): string {
  const grown = variants.flatMap(({ name, record }) =>
    isGrown(record) ? [growthSection(name, record.growth)] : [],
  );
  const hasScores = variants.some(({ result }) => result !== undefined);
  return [...(hasScores || grown.length === 0 ? [scoreSection(variants)] : []), ...grown].join('\n\n');
}

/** A column for each variant, before them the models that they have in common, and what is not in the table as a number. */
function scoreSection(variants: readonly Variant[]): string {
  const own = variants.flatMap(({ name, result }) => (result === undefined ? [] : [{ name, result }]));
  const columns = [...commonModels(variants), ...own];
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
function commonModels(variants: readonly Variant[]): { name: string; result: JudgedResult }[] {
  return (variants[0]?.others ?? []).flatMap(({ model, result }) => {
    const own = variants.map(({ others }) => others?.find((each) => each.model === model)?.result);
    const hashes = own.map(
      (each) => each && scoresHash(compactModel(each, model, {}, { margins: false }).tasks),
    );
    return hashes.every((hash) => hash !== undefined && hash === hashes[0]) ? [{ name: model, result }] : [];
  });
}

function growthSection(name: string, growth: GrownRecord['growth']): string {
  return [
    `## Growth of ${escapeMarkdown(name)}`,
    `**${growthHeadline(growth)}**`,
    growthTable(growth),
    growthLegend(growth),
  ].join('\n\n');
}
