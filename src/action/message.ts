import { codeBlock, escapeMarkdown } from '../report/escape-markdown.ts';
import { fitToLimit } from '../report/fit-to-limit.ts';
import type { TextLimit } from '../report/github-limits.ts';
import type { OutcomeText } from './outcome-text.ts';

/** What summary and comment are made from. */
export interface MessageParts {
  readonly outcome: OutcomeText;
  readonly headSha: string;
  readonly runUrl: string;
  readonly recipe: string;
  /** The run's own report, when it wrote one. */
  readonly report: string | undefined;
  /** The end of standard error, shown where there is neither a report nor success. */
  readonly stderrTail: string;
}

const LOG_LINES = 40;
/** An error message that lists every misspelt field is still shown whole. */
const DETAIL_CHARACTERS = 2000;

/**
 * Summary and comment as Markdown within `limit`; pure. Outcome, commit and link come first, so that shortening, which keeps a
 * text from the top, never loses them.
 */
export function renderMessage(parts: MessageParts, limit: TextLimit): string {
  const { outcome, runUrl } = parts;
  const head = [
    `## Inheritune: ${outcome.title}`,
    // What a recipe or a fork says must not become markup, a mention or an image on the page.
    escapeMarkdown(outcome.detail, DETAIL_CHARACTERS),
    `Commit ${parts.headSha.slice(0, 12)}, recipe ${escapeMarkdown(parts.recipe)}, [log and artifacts](${runUrl})`,
  ].join('\n\n');
  const body = parts.report ?? (outcome.exitCode === 0 ? '' : logBlock(parts.stderrTail));
  return fitToLimit(`${head}\n\n${body}`, limit, `[The run](${runUrl}) has all of it.`);
}

function logBlock(stderrTail: string): string {
  const lines = stderrTail.trimEnd().split('\n').slice(-LOG_LINES).join('\n');
  if (lines === '') return '';
  return `<details><summary>End of the log</summary>\n\n${codeBlock(lines, 'text')}\n\n</details>\n`;
}
