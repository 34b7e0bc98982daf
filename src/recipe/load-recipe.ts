import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { explainIssue } from './explain-issue.ts';
import { parseRecipeDocument, type FieldPath } from './recipe-document.ts';
import { RecipeError } from './recipe-error.ts';
import { applyOverrides } from './recipe-overrides.ts';
import { recipeSchema, type Recipe } from './schema.ts';

/** A checked recipe and where its fields stand, for errors of later stages. */
export interface LoadedRecipe {
  readonly recipe: Recipe;
  /** The file as it was named. */
  readonly file: string;
  /** What stands in it. */
  readonly text: string;
  /** The texts that replaced fields of it. */
  readonly overrides: readonly string[];
  /** `file:line:column` of a field, or the override that set it. */
  locate(path: FieldPath): string;
}

export interface LoadRecipeOptions {
  /** `path=value` texts that replace fields of the file; see `applyOverrides`. */
  readonly overrides?: readonly string[];
  readonly readFile?: (file: string) => Promise<string>;
}

/** Reads and checks a recipe file. Throws `RecipeError` (exit code 2) listing all problems at once. */
export async function loadRecipe(file: string, options: LoadRecipeOptions = {}): Promise<LoadedRecipe> {
  const read = options.readFile ?? ((path: string) => readFile(path, 'utf8'));
  let text: string;
  try {
    text = await read(file);
  } catch (cause) {
    throw new RecipeError('unreadable', file, [{ where: file, message: unreadable(cause) }], { cause });
  }
  return parseRecipe(text, file, options.overrides);
}

/** Checks the text of a recipe; `file` names it in messages and gives the default `name`. Throws `RecipeError`. */
export function parseRecipe(text: string, file: string, overrides: readonly string[] = []): LoadedRecipe {
  const document = parseRecipeDocument(text, file);
  const { value, overrideOf } = applyOverrides(document.value, overrides, file);
  const locate = (path: FieldPath) => overrideOf(path) ?? document.locate(path);
  const parsed = recipeSchema.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues
      .flatMap((issue) => explainIssue(issue, value))
      .map(({ path, message }) => ({ where: locate(path), message }));
    throw new RecipeError('invalid', file, problems);
  }
  const recipe = { ...parsed.data, name: parsed.data.name ?? defaultName(file) };
  return { recipe, file, text, overrides, locate };
}

function defaultName(file: string): string {
  const base = basename(file, extname(file)).replace(/[^A-Za-z0-9._-]+/g, '-');
  return base.replace(/^[^A-Za-z0-9]+/, '').slice(0, 100) || 'recipe';
}

function unreadable(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT') return 'no such recipe file; check the path.';
  if (code === 'EISDIR') return 'this is a folder; name the recipe file in it.';
  return `the recipe cannot be read (${cause instanceof Error ? cause.message : String(cause)}); check its permissions.`;
}
