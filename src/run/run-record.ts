import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseRecipe } from '../recipe/load-recipe.ts';
import { recipeHash } from '../recipe/recipe-hash.ts';
import type { Recipe, TrainSection } from '../recipe/schema.ts';
import { parseRunResult } from '../report/result-schema.ts';
import { compactModel } from '../store/compact-model.ts';
import { parseRunRecord, runRecordText } from '../store/run-record.ts';
import {
  BASELINE_COPY,
  incomplete,
  readRunJson as readJson,
  readStages,
  RECIPE_COPY,
  summaryFile,
} from '../store/run-folder.ts';
import type { RunSummaryFile, StageFile } from '../store/run-folder.ts';
import type { ItemSets, RecordedModel, RunRecord } from '../store/run-record.ts';
import { scoresHash } from '../store/scores-hash.ts';
import { readTrainLog } from '../train/train-log.ts';
import type { TrainLogLine } from '../train/train-log.ts';

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

/** Points of the training loss that are kept for the chart. */
const LOSSES_KEPT = 120;

/** Steps whose loss is a fingerprint of everything before: at 1 the weights and the batch, at 10 the optimizer as well. */
const FINGERPRINT_STEPS = [1, 10] as const;

/**
 * The record of a finished run, from what its stages left in the folder.
 * @throws InherituneError `runIncomplete` for a folder that holds no finished run
 */
export async function createRunRecord(options: RunRecordOptions): Promise<RunRecord> {
  const { folder, commit, now } = options;
  const summary = await readJson(join(folder, 'results.json'), summaryFile);
  const recipe = options.recipe ?? (await writtenRecipe(folder, summary, options.overrides));
  const stages = await readStages(folder, summary.stages);
  const learned = recipe.train === undefined ? undefined : await learning(recipe.train, stages, folder);
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
      ? (models['trained']?.environment ?? Object.values(models).at(-1)?.environment ?? {})
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
    cost: cost(summary.stages, environment, stages, learned?.log ?? [], models),
    reusedStages: reused,
    reusedFrom: Object.fromEntries(
      [...stages].flatMap(([name, { from }]) => (from === undefined ? [] : [[name, from]])),
    ),
    training: learned?.training ?? null,
    inheritance: summary.inherit === undefined ? null : { ...summary.inherit },
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

interface Learning {
  readonly training: NonNullable<RunRecord['training']>;
  readonly lossAtSteps: RunRecord['hashes']['lossAtSteps'];
  /** Empty where the training was taken over from a record. */
  readonly log: readonly TrainLogLine[];
}

/** Losses from the run's own log, or from the record that the training was taken from. */
async function learning(
  section: TrainSection,
  stages: ReadonlyMap<string, StageFile>,
  folder: string,
): Promise<Learning> {
  const stage = stages.get('train');
  if (stage?.from !== undefined) {
    const file = join(folder, BASELINE_COPY);
    const { training, hashes } = parseRunRecord(await readFile(file, 'utf8').catch(() => ''), file);
    if (training === null) throw incomplete(file, 'it has no training, though the run took its own from it');
    return { training, lossAtSteps: hashes.lossAtSteps, log: [] };
  }
  const log = await readTrainLog(folder);
  if (log.length === 0 || stage === undefined) throw incomplete(folder, 'it has no finished training');
  const wanted = new Set<number>([...FINGERPRINT_STEPS, log.at(-1)?.step ?? 0]);
  const lossAtSteps = log
    .filter(({ step }) => wanted.has(step))
    .map(({ step, loss }) => ({ step, lossNats: loss }));
  return { training: training(section, log), lossAtSteps, log };
}

function cost(
  reported: RunSummaryFile['stages'],
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
  const rates = (ran.has('train') ? log : [])
    .map(({ tokensPerSecond }) => tokensPerSecond)
    .sort((a, b) => a - b);
  const peak = [...stages].flatMap(([name, { result }]) =>
    ran.has(name) && typeof result['peakMemoryBytes'] === 'number' ? [result['peakMemoryBytes']] : [],
  );
  return {
    gpuMinutes: environment['device'] === 'cpu' ? 0 : minutes(onDevice),
    minutes: minutes(done),
    trainedTokens: [...stages].reduce(
      (sum, [name, { result }]) =>
        sum + (ran.has(name) && /^train\b/.test(name) ? Number(result['tokens'] ?? 0) : 0),
      0,
    ),
    evaluatedTokens: Object.entries(models)
      .filter(([key]) => ran.has(`evaluate ${key}`))
      .reduce((sum, [, { tokensComputed }]) => sum + tokensComputed, 0),
    peakMemoryBytes: peak.length === 0 ? null : Math.max(...peak),
    // The median: the first step compiles, and a checkpoint or validation falls into some.
    trainTokensPerSecond: rates[Math.floor(rates.length / 2)] ?? null,
  };
}

function training(section: TrainSection, log: readonly TrainLogLine[]): NonNullable<RunRecord['training']> {
  const stride = Math.ceil(log.length / LOSSES_KEPT);
  const kept = log.filter((_, i) => i % stride === 0 || i === log.length - 1);
  return {
    steps: log.at(-1)?.step ?? 0,
    tokens: log.at(-1)?.tokens ?? 0,
    precision: section.precision,
    losses: kept.map(({ step, loss }) => ({ step, lossNats: Number(loss.toPrecision(7)) })),
    validation: log.flatMap(({ step, validationLoss }) =>
      validationLoss === undefined ? [] : [{ step, lossNats: validationLoss }],
    ),
  };
}
