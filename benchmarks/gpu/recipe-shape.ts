import { resolve } from 'node:path';
import { loadRecipe } from '../../src/recipe/load-recipe.ts';
import { requireSections } from '../../src/recipe/required-sections.ts';
import { silentProgress } from '../../src/progress.ts';
import { plannedShape } from '../../src/run/planned-shape.ts';
import type { TrainingShape } from '../../src/train/training-program.ts';

/** The training step that a recipe asks for, with one micro-batch an optimizer step. */
export async function recipeShape(file: string, overrides: readonly string[]): Promise<TrainingShape> {
  const cwd = process.cwd();
  const loaded = await loadRecipe(resolve(cwd, file), { overrides });
  const { shape } = await plannedShape(requireSections(loaded, 'bench:gpu', ['inherit', 'train']), {
    ...{ cwd, env: process.env, progress: silentProgress, signal: new AbortController().signal },
    ...{ places: {}, version: 'benchmark' },
    engine: () => Promise.reject(new Error('a recipe needs no engine to be read')),
  });
  return { ...shape, accumulate: 1 };
}
