import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { recipeTables, withRecipeTables } from './document-options.ts';
import { recipeFields } from './recipe-fields.ts';

const PAGE = fileURLToPath(new URL('../../docs/recipe.md', import.meta.url));

describe('docs/recipe.md', () => {
  it('holds the tables of the current schema (after a change of the schema: vitest run src/recipe -u)', async () => {
    await expect(withRecipeTables(await readFile(PAGE, 'utf8'))).toMatchFileSnapshot(PAGE);
  });
});

describe('recipeTables', () => {
  it('has one row for every field', () => {
    const rows = recipeTables()
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(rows).toHaveLength(recipeFields().length);
  });

  it('leaves no field without a description', () => {
    expect(recipeFields().filter(({ description }) => description === '')).toEqual([]);
  });
});

describe('withRecipeTables', () => {
  it('refuses a page without markers', () => {
    expect(() => withRecipeTables('# The recipe')).toThrow(/needs the lines/);
  });
});
