import { markdownTable } from 'markdown-table';
import { INPUTS } from './input-definitions.ts';
import type { InputDefinition } from './input-definitions.ts';
import { OUTPUTS } from './output-definitions.ts';

const TABLES = ['action-inputs', 'action-outputs'] as const;
type TableName = (typeof TABLES)[number];

/** Inputs or outputs as a Markdown table; pure. */
export function definitionTable(name: TableName): string {
  if (name === 'action-outputs')
    return markdownTable([
      ['output', 'meaning'],
      ...OUTPUTS.map((output) => [`\`${output.name}\``, cell(output.description)]),
    ]);
  return markdownTable([
    ['input', 'default', 'meaning', 'same as'],
    ...INPUTS.map((input: InputDefinition) => [
      `\`${input.name}\``,
      input.default === undefined
        ? '**must be given**'
        : input.default === ''
          ? 'none'
          : `\`${input.default}\``,
      cell(input.description),
      [input.flag, input.recipeField]
        .filter((same) => same !== undefined)
        .map((same) => `\`${same}\``)
        .join(', '),
    ]),
  ]);
}

/** `page` with what stands between its markers replaced. Throws `RangeError` for a page without them. */
export function withDefinitionTables(page: string): string {
  return TABLES.reduce((text, name) => {
    const start = `<!-- ${name}: generated from src/action/${name === 'action-inputs' ? 'input' : 'output'}-definitions.ts, do not edit -->`;
    const end = `<!-- /${name} -->`;
    const from = text.indexOf(start);
    const to = text.indexOf(end);
    if (from < 0 || to < from) throw new RangeError(`the page needs the lines ${start} and ${end}`);
    return `${text.slice(0, from)}${start}\n\n${definitionTable(name)}\n\n${text.slice(to)}`;
  }, page);
}

/** A description inside a table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
