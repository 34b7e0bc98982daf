import { markdownTable } from 'markdown-table';
import { escapeMarkdown, plainText } from './escape-markdown.ts';
import type { ModelContrast } from './model-contrast.ts';
import { count, NO_VALUE, percent, percentWithError, pointsWithInterval } from './number-format.ts';
import type { ReportedModel } from './run-report-input.ts';
import type { DifferenceCell, ScoreCell, ScoreRow } from './score-rows.ts';

interface TextStyle {
  readonly text: (value: string) => string;
  readonly strong: (value: string) => string;
}

const MARKDOWN: TextStyle = { text: escapeMarkdown, strong: (value) => `**${value}**` };
const TERMINAL: TextStyle = { text: plainText, strong: (value) => `${value} *` };

/** The score table as Markdown; differences whose interval leaves out zero are bold. */
export function markdownScoreTable(
  rows: readonly ScoreRow[],
  models: readonly ReportedModel[],
  contrasts: readonly ModelContrast[],
): string {
  const cells = scoreCells(rows, models, contrasts, MARKDOWN);
  // Not padded: columns cannot line up in raw text this wide, and a comment has no characters to spare.
  return markdownTable(cells, { align: alignment(cells), padding: true, alignDelimiters: false });
}

/** The same table with aligned columns for a terminal; such differences are marked with a star. */
export function terminalScoreTable(
  rows: readonly ScoreRow[],
  models: readonly ReportedModel[],
  contrasts: readonly ModelContrast[],
): string {
  const cells = scoreCells(rows, models, contrasts, TERMINAL);
  return markdownTable(cells, { align: alignment(cells) });
}

/**
 * What is not in the table as a number, one line for each task and reason, with the models it holds for: a data file that is
 * missing is missing for all of them. "QNLI, trained: failed: …", or without a model where it is all. Not escaped.
 */
export function missingScores(rows: readonly ScoreRow[], models: readonly ReportedModel[]): string[] {
  return rows.flatMap((row) => {
    const labelsOf = new Map<string, string[]>();
    row.scores.forEach((cell, i) => {
      const model = models[i];
      if (cell.status === 'scored' || model === undefined) return;
      const reason = `${cell.status === 'absent' ? '' : `${cell.status}: `}${withoutFolders(cell.reason)}`;
      labelsOf.set(reason, [...(labelsOf.get(reason) ?? []), model.label]);
    });
    return [...labelsOf].map(([reason, labels]) =>
      labels.length === models.length && models.length > 1
        ? `${row.label}: ${reason}`
        : `${row.label}, ${labels.join(', ')}: ${reason}`,
    );
  });
}

/** A reason without the folders of the machine it arose on: they say nothing elsewhere, and make equal reasons differ. */
export function withoutFolders(reason: string): string {
  return reason.replace(/(?<![\w.:/-])(?:[A-Za-z]:)?(?:[\\/][^\s\\/:'"“”]+){2,}/g, (path) => {
    const parts = path.split(/[\\/]/);
    return parts.slice(-2).join('/');
  });
}

function scoreCells(
  rows: readonly ScoreRow[],
  models: readonly ReportedModel[],
  contrasts: readonly ModelContrast[],
  style: TextStyle,
): string[][] {
  const head = ['Task', 'n', 'Guessing', 'Constant', ...models.map((model) => style.text(model.label))];
  return [
    [...head, ...contrasts.map((contrast) => style.text(contrast.label))],
    ...rows.map((row) => [
      style.text(row.label),
      row.items === undefined ? NO_VALUE : count(row.items),
      percent(row.uniform),
      percent(row.constant),
      ...row.scores.map(scoreText),
      ...row.differences.map((cell) => differenceText(cell, style)),
    ]),
  ];
}

function scoreText(cell: ScoreCell): string {
  if (cell.status === 'absent') return NO_VALUE;
  return cell.status === 'scored' ? percentWithError(cell.value, cell.standardError) : cell.status;
}

function differenceText(cell: DifferenceCell, style: TextStyle): string {
  if (cell.status === 'none') return NO_VALUE;
  const text = pointsWithInterval(cell.difference, cell.interval);
  return cell.interval.lower > 0 || cell.interval.upper < 0 ? style.strong(text) : text;
}

function alignment(cells: readonly (readonly string[])[]): string[] {
  return (cells[0] ?? []).map((_, column) => (column === 0 ? 'l' : 'r'));
}
