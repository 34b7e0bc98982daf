import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { lastTarget } from '../judge/growth-result.ts';
import { parseRecipe } from '../recipe/load-recipe.ts';
import { recipeHash } from '../recipe/recipe-hash.ts';
import type { Recipe } from '../recipe/schema.ts';
import { parseRunResult } from '../report/result-schema.ts';
import { compactModel } from '../store/compact-model.ts';
import { parseRunRecord, runRecordText } from '../store/run-record.ts';
import {
  incomplete,
  readRunJson as readJson,
  readStages,
  RECIPE_COPY,
  summaryFile,
} from '../store/run-folder.ts';
import type { RunSummaryFile, StageFile } from '../store/run-folder.ts';
import type { ItemSets, RecordedModel, RunRecord } from '../store/run-record.ts';
import { scoresHash } from '../store/scores-hash.ts';
import type { TrainLogLine } from '../train/train-log.ts';
import { recordedGrowth, recordedTraining } from './recorded-training.ts';

export interface RunRecordOptions {
  /** A finished run's folder. */
  readonly folder: string;
  /** The recipe that it ran, as written; the copy in the folder where not given. */
  readonly recipe?: Recipe | undefined;
  /** Fields of that copy to replace, such as the name. */
  readonly overrides?: readonly string[] | undefined;
  readonly commit: string | undefined;
  readonly now: Date;
}

/**
 * The record of a finished run, from what its stages left in the folder.
 * @throws InherituneError `runIncomplete` for a folder that holds no finished run
 */
export async function createRunRecord(options: RunRecordOptions): Promise<RunRecord> {
  const { folder, commit, now } = options;
  const summary = await readJson(join(folder, 'results.json'), summaryFile);
  const recipe = options.recipe ?? (await writtenRecipe(folder, summary, options.overrides));
  const stages = await readStages(folder, summary.stages);
  const run = { folder, stages, precision: recipe.train?.precision ?? '' };
  const grown = summary.growth && (await recordedGrowth(run, summary.growth));
  const learned = grown === undefined ? recipe.train && (await recordedTraining(run)) : grown.target;
  const itemSets: ItemSets = {};
  const models: Record<string, RecordedModel> = {};
  for (const [key, { label }] of Object.entries(summary.models)) {
    const file = join(folder, 'results', `${key}.json`);
    const result = parseRunResult(await readJson(file, z.unknown()), file);
    models[key] = compactModel(result, label, itemSets, { margins: key === 'trained' });
  }
  // Scores that were taken over say nothing of the machine of a run that left its own to others.
  const environment =
    summary.left === undefined
      ? (models['trained']?.environment ??
        Object.values(models).at(-1)?.environment ??
        environmentOfGrowth(summary, stages))
      : {};
  const reused = summary.stages.filter(({ status }) => status === 'reused').map(({ name }) => name);
  const record: RunRecord = {
    schemaVersion: 1,
    kind: 'run',
    name: recipe.name,
    createdAt: `${now.toISOString().slice(0, 19)}Z`,
    commit: commit ?? null,
    command: summary.command,
    recipe,
    recipeHash: recipeHash(recipe),
    designHash: designHash(recipe),
    seeds: {
      inherit: recipe.inherit?.seed ?? null,
      data: recipe.data?.seed ?? null,
      train: recipe.train?.seed ?? null,
    },
    stageInputs: Object.fromEntries([...stages].map(([name, { inputHash }]) => [name, inputHash])),
    stageResults: Object.fromEntries(
      [...stages].map(([name, { seconds, result }]) => [name, { seconds, result }]),
    ),
    hashes: {
      ...summary.hashes,
      lossAtSteps: learned?.lossAtSteps ?? [],
      itemScores: Object.fromEntries(
        Object.entries(models).map(([key, { tasks }]) => [key, scoresHash(tasks)]),
      ),
    },
    environment: { ...environment, ...(commit === undefined ? {} : { commit }) },
    cost: cost(summary, environment, stages, learned?.log ?? [], models),
    reusedStages: reused,
    reusedFrom: Object.fromEntries(
      [...stages].flatMap(([name, { from }]) => (from === undefined ? [] : [[name, from]])),
    ),
    training: learned?.training ?? null,
    inheritance: summary.inherit === undefined ? null : { ...summary.inherit },
    ...(grown === undefined ? {} : { growth: grown.growth }),
    itemSets,
    models,
  };
  // What is written must be readable: a fault shows here, on the run's machine, and not in next month's comparison.
  return parseRunRecord(runRecordText(record), `the record of ${folder}`);
}

/** Hash of a recipe without its seeds and name: equal for runs that differ by chance only. */
export function designHash(recipe: Recipe): string {
  const { inherit, data, train } = recipe;
  return recipeHash({
    ...recipe,
    ...{ name: undefined, device: undefined },
    ...{ inherit: withoutSeed(inherit), data: withoutSeed(data), train: withoutSeed(train) },
  });
}

function withoutSeed(section: object | undefined): object | undefined {
  return section === undefined ? undefined : { ...section, seed: undefined };
}

/** The recipe from its copy in the folder, without the paths of the machine it ran on. */
async function writtenRecipe(
  folder: string,
  { recipe }: RunSummaryFile,
  overrides: readonly string[] = [],
): Promise<Recipe> {
  const copy = join(folder, RECIPE_COPY);
  try {
    const further = overrides.filter((override) => !recipe.overrides.includes(override));
    return parseRecipe(await readFile(copy, 'utf8'), recipe.file, [...recipe.overrides, ...further]).recipe;
  } catch (cause) {
    throw incomplete(copy, 'it is not the recipe that was run', cause);
  }
}

/** Of the machine that computed the validation loss of the last target. */
function environmentOfGrowth(
  { growth }: RunSummaryFile,
  stages: ReadonlyMap<string, StageFile>,
): RecordedModel['environment'] {
  const computed = growth && stages.get(`validate ${lastTarget(growth).name}`)?.result['environment'];
  return (computed ?? {}) as RecordedModel['environment'];
}

function cost(
  { stages: reported, growth }: RunSummaryFile,
  environment: RecordedModel['environment'],
  stages: ReadonlyMap<string, StageFile>,
  log: readonly TrainLogLine[],
  models: Readonly<Record<string, RecordedModel>>,
): RunRecord['cost'] {
  const done = reported.filter(({ status }) => status === 'done');
  const minutes = (names: readonly { readonly seconds: number }[]): number =>
    names.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  const onDevice = done.filter(({ name }) => /^(train|evaluate|score|validate)\b/.test(name));
  const ran = new Set(done.map(({ name }) => name));
  const rates = (ran.has(growth === undefined ? 'train' : `train ${lastTarget(growth).name}`) ? log : [])
    .map(({ tokensPerSecond }) => tokensPerSecond)
    .sort((a, b) => a - b);
  const peak = [...stages].flatMap(([name, { result }]) =>
    ran.has(name) && typeof result['peakMemoryBytes'] === 'number' ? [result['peakMemoryBytes']] : [],
  );
  const tokensOf = (stage: RegExp): number =>
    [...stages].reduce(
      (sum, [name, { result }]) =>
        sum + (ran.has(name) && stage.test(name) ? Number(result['tokens'] ?? 0) : 0),
      0,
    );
  return {
    gpuMinutes: environment['device'] === 'cpu' ? 0 : minutes(onDevice),
    minutes: minutes(done),
    trainedTokens: tokensOf(/^train\b/),
    evaluatedTokens: Object.entries(models)
      .filter(([key]) => ran.has(`evaluate ${key}`))
      .reduce(
        (sum, [, { tokensComputed }]) => sum + tokensComputed,
        growth === undefined ? 0 : tokensOf(/^validate\b/),
      ),
    peakMemoryBytes: peak.length === 0 ? null : Math.max(...peak),
    // The median: the first step compiles, and a checkpoint or validation falls into some.
    trainTokensPerSecond: rates[Math.floor(rates.length / 2)] ?? null,
  };
}
