/** Longest text from outside that a report prints: a stack trace as a "reason" must not push the verdict off the page. */
export const LONGEST_TEXT = 400;

const ZERO_WIDTH_SPACE = '\u200B';

/**
 * Text from outside (model names, reasons, paths) as GitHub Markdown that shows it literally, on one line, also in a
 * table cell: no markup, HTML, comment marker, mention, issue reference or formula comes to life.
 * Where GitHub reads after Markdown does (mentions, references) a backslash is not enough and a zero-width space
 * breaks the pattern; `$` becomes an entity, which also keeps `String.replace` from reading `$&`.
 * Cut after `maximumLength` characters.
 */
export function escapeMarkdown(text: string, maximumLength: number = LONGEST_TEXT): string {
  return clip(plainText(text), maximumLength)
    .replace(/(?<!\w)@(?=\w)|#(?=\d)|\bGH-(?=\d)/gi, (found) => found + ZERO_WIDTH_SPACE)
    .replace(/[&<>$|]/g, entity)
    .replace(/[\\`*~[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, (character) => `\\${character}`)
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, (_, digits: string, mark: string) => `${digits}\\${mark}`)
    .replace(/^[#+\-=]|(?<=\s)#+$/g, (mark) => `\\${mark}`);
}

/**
 * Text from outside for a terminal: one line, without control characters (ANSI sequences start with one) and without
 * the invisible characters that reverse the reading direction.
 */
export function plainText(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- control characters are what is taken out
      .replace(/\u001B\[[0-9;?]*[ -/]*[@-~]/g, '')
      .replace(/[\s\u0085\u2028\u2029]+/g, ' ')
      // eslint-disable-next-line no-control-regex -- as above
      .replace(/[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/g, '')
      .trim()
  );
}

/** A fenced block that holds `text` unchanged, whatever backticks it has; control characters but newlines go. */
export function codeBlock(text: string, language = ''): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.replace(/\p{Cc}/gu, ' '));
  const runs = lines.join('\n').match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  return [`${fence}${language}`, ...lines, fence].join('\n');
}

function clip(text: string, maximumLength: number): string {
  const characters = [...text];
  return characters.length <= maximumLength ? text : `${characters.slice(0, maximumLength - 1).join('')}…`;
}

function entity(character: string): string {
  return `&#${character.codePointAt(0) ?? 0};`;
}
