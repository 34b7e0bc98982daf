import { loadRecipe } from '../../recipe/load-recipe.ts';
import type { LoadedRecipe } from '../../recipe/load-recipe.ts';
import { resolveRecipePaths } from '../../recipe/recipe-paths.ts';
import type { Recipe } from '../../recipe/schema.ts';
import { resolve } from 'node:path';
import type { CommandIo } from '../command-io.ts';

/**
 * A recipe from the command line: checked, `--set` applied, paths absolute, `--device` in place of the recipe's; and as it was
 * `written`.
 */
export async function readRecipe(
  file: string,
  overrides: readonly string[] | undefined,
  { context, home, device }: CommandIo,
  sections?: readonly ('inherit' | 'data' | 'evaluate')[],
): Promise<LoadedRecipe & { readonly recipe: Recipe; readonly written: LoadedRecipe }> {
  const loaded = await loadRecipe(resolve(context.cwd, file), overrides === undefined ? {} : { overrides });
  const recipe = await resolveRecipePaths(loaded, {
    ...{ cwd: context.cwd, home },
    ...(sections === undefined ? {} : { sections }),
  });
  return { ...loaded, written: loaded, recipe: device === undefined ? recipe : { ...recipe, device } };
}
