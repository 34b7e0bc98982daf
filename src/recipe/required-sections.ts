import type { LoadedRecipe } from './load-recipe.ts';
import { RecipeError } from './recipe-error.ts';
import type { Recipe } from './schema.ts';

/** The parts of a recipe that a command may need and another may not. */
export type SectionName = 'inherit' | 'data' | 'train' | 'grow' | 'evaluate';

/** A recipe in which the named sections are present. */
export type RecipeWith<S extends SectionName> = Recipe & { [K in S]-?: NonNullable<Recipe[K]> };

/** The recipe with the sections that a command needs. Throws `RecipeError` (`section`) naming the absent ones. */
export function requireSections<const S extends SectionName>(
  { recipe, file }: LoadedRecipe,
  command: string,
  sections: readonly S[],
): RecipeWith<S> {
  const problems = sections
    .filter((section) => recipe[section] === undefined)
    .map((section) => ({
      where: file,
      message: `the recipe has no section ${section}, which \`${command}\` needs; add it.`,
    }));
  if (problems.length > 0) throw new RecipeError('section', file, problems);
  return recipe as RecipeWith<S>;
}
