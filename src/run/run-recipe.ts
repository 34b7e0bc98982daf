import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { EvaluationResult } from '../evaluate/result.ts';
import { inherit, initialiseRandom } from '../inherit/inherit.ts';
import { parameterCount } from '../model/parameters.ts';
import type { Recipe } from '../recipe/schema.ts';
import { hashModel } from './fingerprint.ts';
import type { RunContext } from './context.ts';
import { dataFingerprint, evaluateModel, openJournal } from './evaluate-stage.ts';
import { openModel } from './open-model.ts';
import type { OpenModel } from './open-model.ts';
import { writeReport } from './report-stage.ts';
import type { RunReport } from './report-stage.ts';
import { StageRunner } from './stage-record.ts';
import { trainStage, trainingHash } from './train-stage.ts';
import { trainedReference } from './trained-reference.ts';
import { trainingTokens } from './training-tokens.ts';
import type { TrainingTokens } from './training-tokens.ts';
import { openValidationSplit } from './validation-split.ts';

/** A model of the run: where it lies, and what changes when its weights do. */
interface RunModel {
  readonly key: 'reference' | 'inherited' | 'trained';
  readonly label: string;
  readonly folder: string;
  readonly fingerprint: string;
}

const MODEL_FILES = ['config.json'];

/**
 * The whole job: inherit, prepare, train, evaluate, report. Every stage whose inputs did not change since the last
 * run into the same folder is taken over. Paths in the recipe are absolute by now.
 */
export async function runRecipe(
  recipe: Recipe,
  { outFolder, command, referenceName }: { outFolder: string; command: string; referenceName: string },
  context: RunContext,
): Promise<RunReport> {
  await mkdir(outFolder, { recursive: true });
  const stages = new StageRunner(
    outFolder,
    (text) => {
      context.progress.note(text);
    },
    context.env['GITHUB_ACTIONS'] === 'true',
  );
  const reference = await trainedReference(recipe, stages, context);
  try {
    const models = [await referenceModel(reference)];
    const tokens =
      recipe.data === undefined
        ? undefined
        : await trainingTokens(recipe.data, recipe.train, reference.checkpoint, stages, context);
    if (recipe.inherit !== undefined)
      models.push(await inheritedModel(recipe, reference, models[0]!, stages, context));
    if (recipe.train !== undefined && tokens !== undefined) {
      models.push(await trainedModel(recipe, models.at(-1)!, tokens, stages, context));
    }
    const evaluated: { model: RunModel; result: EvaluationResult }[] = [];
    for (const model of models) {
      const result = await evaluatedModel(recipe, model, tokens, stages, context);
      if (result !== undefined) evaluated.push({ model, result });
    }
    return await writeReport({ recipe, reference, referenceName, evaluated, stages, command }, context);
  } finally {
    await reference.checkpoint.close();
  }
}

async function referenceModel(reference: OpenModel): Promise<RunModel> {
  return {
    key: 'reference',
    label: `reference (${reference.config.layers} blocks)`,
    folder: reference.location,
    fingerprint: await hashModel(reference.location),
  };
}

/** The first blocks of the reference, or the same architecture from random weights where the recipe asks for the baseline. */
async function inheritedModel(
  recipe: Recipe,
  reference: OpenModel,
  source: RunModel,
  stages: StageRunner,
  context: RunContext,
): Promise<RunModel> {
  const section = recipe.inherit!;
  const random = recipe.train?.initialise === 'random';
  const folder = join(stages.folder, 'inherited');
  const { blocks } = await stages.run({
    name: 'inherit',
    inputs: { source: source.fingerprint, section, random, version: context.version },
    outputs: MODEL_FILES.map((file) => `inherited/${file}`),
    work: async () => {
      const { checkpoint } = reference;
      const { progress } = context;
      const { layers, carry, seed } = section;
      const result = await inherit({ checkpoint, layers, carry, seed, outFolder: folder, progress });
      if (random) {
        const { config } = result;
        const { sidecars } = checkpoint;
        await initialiseRandom({ config, seed: recipe.train!.seed, outFolder: folder, sidecars, progress });
      }
      return { blocks: result.layers.length };
    },
  });
  return {
    key: 'inherited',
    label: `${random ? 'random' : 'inherited'} (${blocks} blocks, untrained)`,
    folder,
    fingerprint: await hashModel(folder),
  };
}

async function trainedModel(
  recipe: Recipe,
  start: RunModel,
  tokens: TrainingTokens,
  stages: StageRunner,
  context: RunContext,
): Promise<RunModel> {
  const section = recipe.train!;
  const { fingerprint } = await stages.run({
    name: 'train',
    inputs: { hash: trainingHash(section, tokens, start.fingerprint, context.version) },
    outputs: [...MODEL_FILES, 'train.jsonl'],
    work: async () => {
      const model = await openModel(start.folder, context);
      try {
        const outcome = await trainStage(
          {
            ...{ start: model, startFingerprint: start.fingerprint, section, tokens },
            ...{ engine: () => context.engine(recipe.device), outFolder: stages.folder, resume: true },
            onForeign: 'startOver',
          },
          context,
        );
        return { ...outcome, fingerprint: await hashModel(stages.folder) };
      } finally {
        await model.checkpoint.close();
      }
    },
  });
  return { key: 'trained', label: 'trained', folder: stages.folder, fingerprint };
}

async function evaluatedModel(
  recipe: Recipe,
  { key, label, folder, fingerprint }: RunModel,
  tokens: TrainingTokens | undefined,
  stages: StageRunner,
  context: RunContext,
): Promise<EvaluationResult | undefined> {
  const section = recipe.evaluate;
  if (section === undefined || !section.models.includes(key)) return undefined;
  const { tasks, limit, fewShot, addBos, protocol, data: dataFolder } = section;
  const file = `results/${key}.json`;
  await stages.run({
    name: `evaluate ${key}`,
    inputs: {
      ...{ fingerprint, tasks, limit, fewShot, addBos, protocol, data: await dataFingerprint(dataFolder) },
      ...{
        validation: tokens?.validation === undefined ? null : tokens.fingerprint,
        version: context.version,
      },
      ...{ sequenceLength: recipe.train?.sequenceLength ?? null, device: recipe.device },
    },
    outputs: [file],
    work: async () => {
      const model = await openModel(folder, context);
      const sequenceLength = recipe.train?.sequenceLength ?? Math.min(1024, model.config.maxPositions);
      const validation =
        tokens?.validation === undefined
          ? undefined
          : await openValidationSplit(tokens.validation, {
              ...{ vocabularySize: model.config.vocabulary, sequenceLength },
              limit: recipe.train?.validationTokens,
            });
      const resultFile = join(stages.folder, file);
      await mkdir(join(stages.folder, 'results'), { recursive: true });
      const journal = await openJournal(resultFile, { model, precision: 'float32' }, context);
      try {
        const result = await evaluateModel(
          {
            ...{ model, label, tasks, dataFolder, limit, fewShot, addBos, protocol, validation, journal },
            ...{ precision: 'float32' as const, engine: () => context.engine(recipe.device) },
          },
          context,
        );
        await writeFileAtomic(resultFile, `${JSON.stringify(result)}\n`);
        await journal.remove();
        return { parameters: parameterCount(model.config) };
      } finally {
        await journal.close();
        await validation?.close();
        await model.checkpoint.close();
      }
    },
  });
  return JSON.parse(await readFile(join(stages.folder, file), 'utf8')) as EvaluationResult;
}
