import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Protocol } from '../evaluate/result.ts';
import { loadRecipe } from '../recipe/load-recipe.ts';
import type { LoadedRecipe } from '../recipe/load-recipe.ts';
import { recipeHash } from '../recipe/recipe-hash.ts';
import { RecipeError } from '../recipe/recipe-error.ts';
import { resolveRecipePaths } from '../recipe/recipe-paths.ts';
import type { Device, Settings } from './inputs.ts';

/** What the action itself needs to know of a recipe. */
export interface RecipeFacts {
  readonly name: string;
  /** Under which its records are kept: its own name, or the variant's. */
  readonly recordName: string;
  /** Of the recipe under that name, as a record has it. */
  readonly hash: string;
  readonly device: Device;
  /** Whether it is a run of the growing loop, whose models are compared by validation loss and have no scores. */
  readonly grows: boolean;
  /** Whether it inherits and trains, so that there is something to plan. */
  readonly trains: boolean;
  /** The reference as the command line takes it: absolute where it is a path that is there, else as written. */
  readonly reference: string;
  /** Optimizer steps, where the recipe says them as such. */
  readonly steps: number | undefined;
  readonly keepCheckpoints: number;
  readonly keepsBest: boolean;
  /** Undefined for a recipe without evaluation, and where it grows. */
  readonly evaluate:
    | {
        readonly tasks: readonly string[];
        readonly limit: number | undefined;
        readonly fewShot: number | undefined;
        readonly addBos: boolean | undefined;
        readonly protocol: Protocol;
        /** Bytes, or text such as 8GB. */
        readonly maxMemory: number | string | undefined;
        /** Absolute folder; undefined for the command line's own choice. */
        readonly data: string | undefined;
      }
    | undefined;
}

/** The overrides that the inputs stand for, as the command line takes them. */
export function recipeOverrides(settings: Pick<Settings, 'overrides' | 'dataDir'>): string[] {
  const { overrides, dataDir } = settings;
  return [...overrides, ...(dataDir === undefined ? [] : [`evaluate.data=${JSON.stringify(dataDir)}`])];
}

/** A variant of a matrix has records of its own. */
export function recordName(recipeName: string, variant: string): string {
  return variant === 'default' ? recipeName : variant;
}

/**
 * Reads and checks the recipe before anything is started. No native code is loaded, and no path but that of the evaluation data
 * is looked for.
 * @throws RecipeError (exit code 2) listing all problems at once
 */
export async function readRecipeFacts(
  settings: Pick<Settings, 'recipe' | 'overrides' | 'dataDir' | 'device' | 'variant'>,
  workspace: string,
): Promise<RecipeFacts> {
  const loaded = await loadRecipe(resolve(workspace, settings.recipe), {
    overrides: recipeOverrides(settings),
  });
  const { recipe } = loaded;
  const { name, train, grow } = recipe;
  const evaluate = grow === undefined ? recipe.evaluate : undefined;
  const data = evaluate?.data;
  const resolved =
    data === undefined
      ? undefined
      : await resolveRecipePaths(
          {
            ...loaded,
            recipe: { ...recipe, reference: { ...recipe.reference, model: 'pypi:not-looked-for' } },
          },
          { cwd: workspace, home: homedir(), sections: ['evaluate'] },
        );
  const named = { ...recipe, name: recordName(name, settings.variant) };
  return {
    name,
    recordName: named.name,
    hash: recipeHash(named),
    device: settings.device === 'auto' ? recipe.device : settings.device,
    reference: await referenceModel(loaded, workspace),
    grows: grow !== undefined,
    trains: recipe.inherit !== undefined && train !== undefined,
    steps: train?.steps,
    keepCheckpoints: train?.keepCheckpoints ?? 0,
    keepsBest: train?.keepBest === true && train.validateEvery > 0,
    evaluate:
      evaluate === undefined
        ? undefined
        : {
            tasks: evaluate.tasks,
            limit: evaluate.limit,
            fewShot: evaluate.fewShot,
            addBos: evaluate.addBos,
            protocol: evaluate.protocol,
            maxMemory: evaluate.maxMemory,
            data: resolved?.evaluate?.data,
          },
  };
}

/** Not an error where it is not there: only a job that needs the model says so. */
async function referenceModel(loaded: LoadedRecipe, workspace: string): Promise<string> {
  const places = { cwd: workspace, home: homedir(), sections: [] };
  const resolved = await resolveRecipePaths(loaded, places).catch((cause: unknown) => {
    if (cause instanceof RecipeError) return undefined;
    throw cause;
  });
  return (resolved ?? loaded.recipe).reference.model;
}
