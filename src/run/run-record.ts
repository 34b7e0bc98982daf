import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { createBatchPlan, stepsFor } from '../data/batches.ts';
import { bytesPerToken } from '../data/token-file.ts';
import { MANIFEST_NAME } from '../data/token-manifest.ts';
import { recipeHash } from '../recipe/recipe-hash.ts';
import { trainLength } from '../recipe/schema.ts';
import type { Recipe, TrainSection } from '../recipe/schema.ts';
import { parseEvaluationResult } from '../report/result-schema.ts';
import { compactModel } from '../store/compact-model.ts';
import { parseRunRecord, runRecordText } from '../store/run-record.ts';
import { incomplete, readRunJson as readJson, readStages, summaryFile } from '../store/run-folder.ts';
import type { RunSummaryFile, StageFile } from '../store/run-folder.ts';
import type { ItemSets, RecordedModel, RunRecord } from '../store/run-record.ts';
import { readTrainLog } from '../train/train-log.ts';
import type { TrainLogLine } from '../train/train-log.ts';
import { hashFile, hashModel } from './fingerprint.ts';

export interface RunRecordOptions {
  /** A finished run's folder. */
  readonly folder: string;
  /** As written, before its paths were made absolute: the same on every machine. */
  readonly recipe: Recipe;
  /** Token files that the recipe names instead of text, as absolute paths. */
  readonly tokenFiles?: { readonly train: string; readonly validation: string | undefined };
  /** The reference's folder or file, hashed for the record; left out, its hash is unknown. */
  readonly referenceLocation?: string | undefined;
  readonly commit: string | undefined;
  readonly now: Date;
}

/** Points of the training loss that are kept for the chart. */
const LOSSES_KEPT = 120;

/** Steps whose loss is a fingerprint of everything before: at 1 the weights and the batch, at 10 the optimizer as well. */
const FINGERPRINT_STEPS = [1, 10] as const;

/** What every version of the manifest has. */
const manifestFile = z.looseObject({
  train: z.looseObject({ tokens: z.int().min(1), sha256: z.string() }),
  validation: z.looseObject({ sha256: z.string() }).nullable(),
});

const modelConfig = z.looseObject({ vocab_size: z.int().min(1) });

/**
 * The record of a finished run, from what its stages left in the folder.
 * @throws InherituneError `runIncomplete` for a folder that holds no finished run
 */
export async function createRunRecord(options: RunRecordOptions): Promise<RunRecord> {
  const { folder, recipe, commit, now } = options;
  const summary = await readJson(join(folder, 'results.json'), summaryFile);
  const stages = await readStages(folder, summary.stages);
  const log = await readTrainLog(folder);
  const trained = recipe.train;
  if (trained !== undefined && (log.length === 0 || stages.get('train') === undefined))
    throw incomplete(folder, 'it has no finished training');
  const itemSets: ItemSets = {};
  const models: Record<string, RecordedModel> = {};
  for (const [key, { label }] of Object.entries(summary.models)) {
    const file = join(folder, 'results', `${key}.json`);
    const result = parseEvaluationResult(await readJson(file, z.unknown()), file);
    models[key] = compactModel(result, label, itemSets, { margins: key === 'trained' });
  }
  const environment = models['trained']?.environment ?? Object.values(models).at(-1)?.environment ?? {};
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
    hashes: await outputHashes(options, stages, log, models),
    environment: { ...environment, ...(commit === undefined ? {} : { commit }) },
    cost: cost(summary.stages, environment, stages, log, models),
    reusedStages: reused,
    training: trained === undefined ? null : training(trained, log),
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

async function outputHashes(
  options: RunRecordOptions,
  stages: ReadonlyMap<string, StageFile>,
  log: readonly TrainLogLine[],
  models: Readonly<Record<string, RecordedModel>>,
): Promise<RunRecord['hashes']> {
  const { folder, recipe, tokenFiles, referenceLocation } = options;
  const tokens = await tokenStream(folder, tokenFiles);
  const fingerprint = stages.get('train')?.result['fingerprint'];
  const wanted = new Set<number>([...FINGERPRINT_STEPS, log.at(-1)?.step ?? 0]);
  return {
    referenceWeights: referenceLocation === undefined ? null : await hashModel(referenceLocation),
    inheritedWeights: recipe.inherit === undefined ? null : await hashModel(join(folder, 'inherited')),
    tokenStream: tokens?.hash ?? null,
    batchOrder:
      recipe.train === undefined || tokens === undefined
        ? null
        : batchOrder(recipe.train, tokens.trainTokens),
    lossAtSteps: log
      .filter(({ step }) => wanted.has(step))
      .map(({ step, loss }) => ({ step, lossNats: loss })),
    trainedWeights: typeof fingerprint === 'string' ? fingerprint : null,
    itemScores: Object.fromEntries(
      Object.entries(models).map(([key, { tasks }]) => [
        key,
        recipeHash(
          Object.fromEntries(
            Object.entries(tasks).map(([name, task]) => [
              name,
              task.status === 'scored' ? `${task.itemSetHash} ${task.answersHash}` : task.status,
            ]),
          ),
        ),
      ]),
    ),
  };
}

async function tokenStream(
  folder: string,
  files: RunRecordOptions['tokenFiles'],
): Promise<{ hash: string; trainTokens: number } | undefined> {
  if (files === undefined) return manifestTokens(join(folder, 'tokens'));
  if ((await stat(files.train)).isDirectory()) return manifestTokens(files.train);
  const { vocab_size: vocabularySize } = await readJson(join(folder, 'config.json'), modelConfig);
  const trainTokens = (await stat(files.train)).size / bytesPerToken(vocabularySize);
  const hashes = [await hashFile(files.train)];
  if (files.validation !== undefined) hashes.push(await hashFile(files.validation));
  return { hash: recipeHash(hashes), trainTokens };
}

async function manifestTokens(folder: string): Promise<{ hash: string; trainTokens: number } | undefined> {
  if ((await stat(join(folder, MANIFEST_NAME)).catch(() => undefined)) === undefined) return undefined;
  const { train, validation } = await readJson(join(folder, MANIFEST_NAME), manifestFile);
  return { hash: recipeHash([train.sha256, validation?.sha256 ?? null]), trainTokens: train.tokens };
}

/** sha256 over the first token of every row of every batch, in the order they are trained on. */
function batchOrder(train: TrainSection, tokens: number): string {
  const { sequenceLength, microBatch, accumulate, order, seed } = train;
  const shape = { sequenceLength, microBatch, accumulate };
  const plan = createBatchPlan({ ...shape, tokens, order, seed });
  const length = trainLength(train);
  const steps = stepsFor(
    length.kind === 'steps'
      ? { steps: length.steps }
      : length.kind === 'tokens'
        ? { tokens: length.tokens }
        : { epochs: length.epochs },
    shape,
    plan.windows,
  );
  const sha256 = createHash('sha256');
  for (let step = 0; step < steps; step++) {
    const starts = new Float64Array(accumulate * microBatch);
    for (let micro = 0; micro < accumulate; micro++)
      for (let row = 0; row < microBatch; row++)
        starts[micro * microBatch + row] = plan.windowStart(step, micro, row);
    sha256.update(new Uint8Array(starts.buffer));
  }
  return sha256.digest('hex');
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
  const onDevice = done.filter(({ name }) => name === 'train' || name.startsWith('evaluate'));
  const ran = new Set(done.map(({ name }) => name));
  const rates = log.map(({ tokensPerSecond }) => tokensPerSecond).sort((a, b) => a - b);
  const peak = [...stages.values()].flatMap(({ result }) =>
    typeof result['peakMemoryBytes'] === 'number' ? [result['peakMemoryBytes']] : [],
  );
  return {
    gpuMinutes: environment['device'] === 'cpu' ? 0 : minutes(onDevice),
    minutes: minutes(done),
    trainedTokens: ran.has('train') ? (log.at(-1)?.tokens ?? 0) : 0,
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
