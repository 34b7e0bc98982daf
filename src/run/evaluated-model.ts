import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { JudgedResult } from '../judge/judged-result.ts';
import { parameterCount } from '../model/parameters.ts';
import { byteSize } from '../recipe/byte-size.ts';
import type { Recipe } from '../recipe/schema.ts';
import { expandModel } from '../store/compact-model.ts';
import type { RunRecord } from '../store/run-record.ts';
import type { RunContext } from './context.ts';
import { dataFingerprint, evaluateModel, openJournal } from './evaluate-stage.ts';
import { openHeldOut } from './held-out-loss.ts';
import { openModel } from './open-model.ts';
import { peakMemoryBytes } from './peak-memory.ts';
import type { RunModel } from './run-models.ts';
import type { Stage, StageRunner } from './stage-record.ts';
import type { TrainingTokens } from './training-tokens.ts';

/**
 * A model's scores, left in `results/KEY.json`; undefined where the recipe does not ask for them. Those taken over from a run
 * record have no log-likelihoods.
 */
export async function evaluatedModel(
  recipe: Recipe,
  model: RunModel,
  tokens: TrainingTokens | undefined,
  stages: StageRunner,
  context: RunContext,
): Promise<JudgedResult | undefined> {
  if (!isEvaluated(recipe, model)) return undefined;
  await stages.take(await evaluation(recipe, model, tokens, stages, context));
  return readScores(model, stages);
}

/** Whether the recipe asks for this model's scores. */
export function isEvaluated({ evaluate }: Recipe, { key }: RunModel): boolean {
  return evaluate?.models.includes(key) === true;
}

/** The scores that an evaluation left in the run's folder. */
export async function readScores({ key }: RunModel, stages: StageRunner): Promise<JudgedResult> {
  return JSON.parse(await readFile(join(stages.folder, scoresFile(key)), 'utf8')) as JudgedResult;
}

function scoresFile(key: RunModel['key']): string {
  return `results/${key}.json`;
}

/** The evaluation of a model as a stage of the run. */
export async function evaluation(
  recipe: Recipe,
  model: RunModel,
  tokens: TrainingTokens | undefined,
  stages: StageRunner,
  context: RunContext,
): Promise<Stage<{ parameters: number; peakMemoryBytes: number | null }>> {
  const { key } = model;
  const { tasks, limit, fewShot, addBos, protocol, data: dataFolder } = recipe.evaluate!;
  const data = await dataFingerprint(dataFolder);
  const file = join(stages.folder, scoresFile(key));
  return {
    name: `evaluate ${key}`,
    inputs: () => ({
      ...{ fingerprint: model.fingerprint, tasks, limit, fewShot, addBos, protocol, data },
      validation: tokens?.validation === undefined ? null : tokens.fingerprint,
      ...{ version: context.version, device: recipe.device },
      sequenceLength: recipe.train?.sequenceLength ?? null,
      validationTokens: recipe.train?.validationTokens ?? null,
    }),
    needs: [model.made, tokens?.made],
    outputs: [scoresFile(key)],
    work: () => evaluated(recipe, model, tokens, file, context),
    adopt: async (record) => {
      const text = recordedResult(record, key, dataFolder);
      if (text !== undefined) await written(file, text);
      return text !== undefined;
    },
  };
}

async function evaluated(
  recipe: Recipe,
  { folder, label }: RunModel,
  tokens: TrainingTokens | undefined,
  resultFile: string,
  context: RunContext,
): Promise<{ parameters: number; peakMemoryBytes: number | null }> {
  const { tasks, limit, fewShot, addBos, protocol, maxMemory, data: dataFolder } = recipe.evaluate!;
  const engine = () => context.engine(recipe.device);
  const model = await openModel(folder, context);
  const validation = await openHeldOut(recipe, tokens, model);
  await mkdir(dirname(resultFile), { recursive: true });
  const journal = await openJournal(resultFile, { model, precision: 'float32' }, context);
  try {
    const result = await evaluateModel(
      {
        ...{ model, label, tasks, dataFolder, limit, fewShot, addBos, protocol, validation, journal },
        ...{ precision: 'float32' as const, engine },
        maxMemoryBytes: maxMemory === undefined ? undefined : byteSize(maxMemory),
      },
      context,
    );
    await written(resultFile, JSON.stringify(result));
    await journal.remove();
    const peak = await peakMemoryBytes((await engine()).device, context.env);
    return { parameters: parameterCount(model.config), peakMemoryBytes: peak ?? null };
  } finally {
    await journal.close();
    await validation?.close();
    await model.checkpoint.close();
  }
}

/** Undefined where a task has no score for a reason that may be gone by now: it failed, or could not be downloaded. */
function recordedResult(
  { models, itemSets }: RunRecord,
  key: string,
  dataFolder: string | undefined,
): string | undefined {
  const model = models[key];
  const isOpen = ({ status }: { readonly status: string }): boolean =>
    status === 'failed' || (status === 'unavailable' && dataFolder === undefined);
  if (model === undefined || Object.values(model.tasks).some(isOpen)) return undefined;
  return JSON.stringify(expandModel(model, itemSets));
}

async function written(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, `${text}\n`);
}
