import { markdownTable } from 'markdown-table';
import { recipeFields, type RecipeField } from './recipe-fields.ts';

const START = '<!-- recipe-fields: generated from src/recipe, do not edit -->';
const END = '<!-- /recipe-fields -->';

/** Every field of a recipe as Markdown: one table for each section. */
export function recipeTables(): string {
  const fields = recipeFields();
  const sections = ['', ...fields.filter(({ isSection }) => isSection).map(({ path }) => path)];
  return sections.map((section) => sectionText(section, fields)).join('\n\n');
}

/** `page` with what stands between its markers replaced. Throws `RangeError` for a page without them. */
export function withRecipeTables(page: string): string {
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new RangeError(`the page needs the lines ${START} and ${END}`);
  return `${page.slice(0, start)}${START}\n\n${recipeTables()}\n\n${page.slice(end)}`;
}

function sectionText(section: string, fields: readonly RecipeField[]): string {
  const rows = fields
    .filter(({ path }) => parentOf(path) === section)
    .map(({ path, type, defaultText, description, unit }) => [
      `\`${path.split('.').at(-1)!}\``,
      unit === undefined ? type : `${type} (${unit})`,
      defaultText ?? '**must be given**',
      description,
    ]);
  const table = markdownTable(
    [['field', 'value', 'default', 'meaning'], ...rows].map((row) => row.map(cell)),
  );
  if (section === '') return table;
  const title = fields.find(({ path }) => path === section)?.description ?? '';
  return `### ${section}\n\n${title}\n\n${table}`;
}

function parentOf(path: string): string {
  const dot = path.lastIndexOf('.');
  return dot < 0 ? '' : path.slice(0, dot).replace(/\[\]$/, '');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
