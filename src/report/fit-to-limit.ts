import type { TextLimit } from './github-limits.ts';

/**
 * Shortens a report to a limit. Reports are written most important first (verdict, link, failing rows), so blocks are kept from
 * the top: a table that does not fit loses its last rows, any other block (a folded section, a code block) is kept or
 * dropped whole, so that no tag or fence stays open. What was left out, and where it stands (`fullReport`: a ready line of
 * Markdown), is said at the end. A text within the limit is returned unchanged.
 */
export function fitToLimit(markdown: string, limit: TextLimit, fullReport = ''): string {
  const size = (text: string): number =>
    limit.unit === 'bytes' ? new TextEncoder().encode(text).length : text.length;
  if (size(markdown) <= limit.maximum) return markdown;
  const blocks = splitBlocks(markdown);
  const room = limit.maximum - size(note(blocks.length, 999_999, fullReport)) - 2;
  const kept: string[] = [];
  let used = 0;
  let blocksLeftOut = 0;
  let rowsLeftOut = 0;
  for (const block of blocks) {
    const separator = kept.length === 0 ? 0 : 2;
    const free = room - used - separator;
    const fitting =
      size(block) <= free
        ? block
        : kept.length === 0
          ? cutText(block, free, size)
          : cutTable(block, free, size);
    if (fitting === undefined) {
      blocksLeftOut++;
      continue;
    }
    rowsLeftOut += rowCount(block) - rowCount(fitting);
    kept.push(fitting);
    used += size(fitting) + separator;
  }
  const short = [...kept.filter((block) => block !== ''), note(blocksLeftOut, rowsLeftOut, fullReport)].join(
    '\n\n',
  );
  // Only where the limit is smaller than the closing note itself.
  return size(short) <= limit.maximum ? short : cutText(short, limit.maximum, size);
}

function note(blocks: number, rows: number, fullReport: string): string {
  const counted = (n: number, noun: string): string[] => (n > 0 ? [`${n} ${noun}${n === 1 ? '' : 's'}`] : []);
  const parts = [...counted(rows, 'table row'), ...counted(blocks, 'section')];
  const what = parts.length === 0 ? 'Part of the first line' : parts.join(' and ');
  return `_Shortened to fit here: ${what} left out._${fullReport === '' ? '' : ` ${fullReport}`}`;
}

/** Blocks between blank lines; `<details>` and code fences with all they hold are one block, a heading belongs to the next. */
function splitBlocks(markdown: string): string[] {
  const blocks: string[] = [];
  let lines: string[] = [];
  let depth = 0;
  let fence = '';
  for (const line of markdown.split('\n')) {
    const mark = /^(`{3,})/.exec(line)?.[1];
    if (fence === '' && mark !== undefined) fence = mark;
    else if (fence !== '' && line === fence) fence = '';
    if (fence === '') depth += countOf(line, '<details') - countOf(line, '</details>');
    const isHeading = blocks.length > 0 && lines.length === 1 && lines[0]?.startsWith('#') === true;
    if (line === '' && depth === 0 && fence === '' && !isHeading) {
      if (lines.length > 0) blocks.push(lines.join('\n'));
      lines = [];
    } else lines.push(line);
  }
  return lines.length > 0 ? [...blocks, lines.join('\n')] : blocks;
}

function countOf(line: string, part: string): number {
  return line.split(part).length - 1;
}

/** The line of a table that holds its column names, counted from the block's start; undefined for other blocks. */
function tableStart(lines: readonly string[]): number | undefined {
  const start = lines.findIndex((line) => line !== '' && !line.startsWith('#'));
  const isTable = lines[start]?.startsWith('|') === true && /^\| ?:?-/.test(lines[start + 1] ?? '');
  return isTable ? start : undefined;
}

function rowCount(block: string): number {
  const lines = block.split('\n');
  const start = tableStart(lines);
  return start === undefined ? 0 : lines.length - start - 2;
}

/** A table with its heading and as many rows as fit; undefined for other blocks or where not one row fits. */
function cutTable(block: string, free: number, size: (text: string) => number): string | undefined {
  const lines = block.split('\n');
  const start = tableStart(lines);
  if (start === undefined) return undefined;
  let end = start + 2;
  let used = size(lines.slice(0, end).join('\n'));
  while (end < lines.length && used + 1 + size(lines[end]!) <= free) used += 1 + size(lines[end++]!);
  return end > start + 2 ? lines.slice(0, end).join('\n') : undefined;
}

/** As much of the text as fits: the verdict is cut rather than dropped. */
function cutText(block: string, free: number, size: (text: string) => number): string {
  const end = '…';
  let text = '';
  let used = size(end);
  for (const character of block) {
    used += size(character);
    if (used > free) break;
    text += character;
  }
  return text === '' ? '' : `${text}${end}`;
}
