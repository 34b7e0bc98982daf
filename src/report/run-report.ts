import { codeBlock, escapeMarkdown, plainText } from './escape-markdown.ts';
import { protocolTable, signalsTable, truncationSentence } from './evaluation-sections.ts';
import { growthHeadline, growthLegend, growthTable } from './growth-table.ts';
import { lossChart } from './loss-chart.ts';
import { DEFAULT_CONFIDENCE, modelContrasts } from './model-contrast.ts';
import { confidenceText, count, fixed } from './number-format.ts';
import { resolutionSentence, runHeadline } from './run-headline.ts';
import type { RunReportInput } from './run-report-input.ts';
import {
  baselineSentence,
  details,
  factsTable,
  furtherMetrics,
  marginTable,
  stagesSection,
  validationTable,
} from './run-sections.ts';
import { scoreRows } from './score-rows.ts';
import { markdownScoreTable, missingScores, terminalScoreTable } from './score-table.ts';
import { selectionTable } from './selection-table.ts';

/** Reasons listed below the table; a broken data folder can make every one of 57 subjects fail alike. */
const REASONS_SHOWN = 20;

/**
 * The report of one run as Markdown, most important first: headline, scores, validation loss, what was run, stages, the
 * command; details folded. All text from outside is escaped; no number that is not finite is printed.
 */
export function renderRunReport(input: RunReportInput): string {
  const contrasts = modelContrasts(input);
  const rows = scoreRows(input, contrasts);
  const missing = [...missingScores(rows, input.models), ...missingSubjects(input)];
  const blocks = [
    `# ${escapeMarkdown(input.title)}`,
    ...(input.growth === undefined
      ? [
          `**${escapeMarkdown(runHeadline(input, rows, contrasts), Infinity)}**`,
          '## Scores',
          rows.length === 0 ? 'No task was evaluated.' : markdownScoreTable(rows, input.models, contrasts),
          tableLegend(input, contrasts.length > 0),
        ]
      : [
          `**${growthHeadline(input.growth)}**`,
          '## Models',
          growthTable(input.growth),
          growthLegend(input.growth),
        ]),
    escapeMarkdown(resolutionSentence(input, rows, contrasts), Infinity),
    escapeMarkdown(truncationSentence(input.models) ?? '', Infinity),
    section("### The paper's protocol and lm-eval's, where they differ", protocolTable(input.models)),
    missing.length === 0 ? undefined : `### Not scored\n\n${bulletList(missing)}`,
    section('## Validation', validationTable(input.models)),
    section('## What was run', factsTable(input)),
    section('## Stages', stagesSection(input)),
    section('## Run it again', codeBlock(input.command, 'sh')),
    folded('Block scores', selectionTable(input.inherit)),
    folded('Training loss', trainingDetails(input)),
    folded('Log-likelihood margin of the right answer (difference in nats)', marginTable(contrasts)),
    folded('Continuous signals of the right answer (mean ± standard error)', signalsTable(input.models)),
    folded('Further metrics (% ± standard error)', furtherMetrics(input.models)),
  ];
  return `${blocks.filter((block) => block !== undefined && block !== '').join('\n\n')}\n`;
}

/** Headline and score table as plain text for a terminal. */
export function renderTerminalTable(input: RunReportInput): string {
  const contrasts = modelContrasts(input);
  const rows = scoreRows(input, contrasts);
  const lines = [
    plainText(runHeadline(input, rows, contrasts)),
    rows.length === 0 ? undefined : terminalScoreTable(rows, input.models, contrasts),
    input.baseline === undefined
      ? undefined
      : plainText(baselineSentence({ stages: input.stages, baseline: input.baseline })),
    contrasts.length === 0 ? undefined : '* the interval of this difference leaves out zero',
    ...[...missingScores(rows, input.models), ...missingSubjects(input)]
      .slice(0, REASONS_SHOWN)
      .map(plainText),
  ];
  return `${lines.filter((line) => line !== undefined).join('\n\n')}\n`;
}

function tableLegend(input: RunReportInput, hasContrasts: boolean): string {
  const confidence = confidenceText(input.confidence ?? DEFAULT_CONFIDENCE);
  const scores =
    'Percent ± standard error, accuracy where nothing else is named; n = items. ' +
    '“Guessing” picks at random, “Constant” always gives the most frequent answer (the most frequent place where each item has answers of its own, – where that is always the first).';
  const differences =
    ` Differences are in percentage points on the same items, with their paired ${confidence} interval ` +
    '(Tango’s score interval for right/wrong, Student’s t for probability mass, ' +
    'items that share a passage counted as one, not adjusted for the number of tasks); ' +
    '**bold** where it leaves out zero.';
  return `<sub>${scores}${hasContrasts ? differences : ''}</sub>`;
}

/** Subjects of a group that have no data: the group's score is over the others. One line where all models lack the same. */
function missingSubjects({ models }: RunReportInput): string[] {
  const labelsOf = new Map<string, string[]>();
  for (const { label, result } of models) {
    const largestFirst = Object.entries(result.groups).sort(
      ([, a], [, b]) => b.tasks.length - a.tasks.length,
    );
    const told = new Set<string>();
    for (const [name, group] of largestFirst) {
      const missing = group.missing.filter((task) => !told.has(task));
      missing.forEach((task) => told.add(task));
      if (missing.length === 0) continue;
      const total = group.tasks.length + group.missing.length;
      const text = `${name}\n${missing.length} of ${total} subjects have no data: ${missing.join(', ')}`;
      labelsOf.set(text, [...(labelsOf.get(text) ?? []), label]);
    }
  }
  return [...labelsOf].map(([text, labels]) => {
    const [name = '', what = ''] = text.split('\n');
    return labels.length === models.length && models.length > 1
      ? `${name}: ${what}`
      : `${name}, ${labels.join(', ')}: ${what}`;
  });
}

function bulletList(lines: readonly string[]): string {
  const shown = lines.slice(0, REASONS_SHOWN).map((line) => `- ${escapeMarkdown(line)}`);
  const rest = lines.length - shown.length;
  return [...shown, ...(rest > 0 ? [`- and ${rest} more`] : [])].join('\n');
}

function trainingDetails({ training }: RunReportInput): string | undefined {
  if (training === undefined) return undefined;
  const chart = lossChart(training.losses);
  const [first, last] = [training.losses[0], training.losses.at(-1)];
  const ends =
    first === undefined || last === undefined
      ? undefined
      : `Training loss ${fixed(first.loss, 3)} at step ${count(first.step)}, ${fixed(last.loss, 3)} at step ${count(last.step)}.`;
  const validation = training.validation
    .slice(-REASONS_SHOWN)
    .map(({ step, lossNats }) => `| ${count(step)} | ${fixed(lossNats, 3)} |`);
  const validationTable =
    validation.length === 0
      ? undefined
      : ['| Step | Validation loss |', '| -: | -: |', ...validation].join('\n');
  const parts = [ends, chart, validationTable].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join('\n\n');
}

function section(heading: string, body: string | undefined): string | undefined {
  return body === undefined ? undefined : `${heading}\n\n${body}`;
}

function folded(summary: string, body: string | undefined): string | undefined {
  return body === undefined ? undefined : details(summary, body);
}
