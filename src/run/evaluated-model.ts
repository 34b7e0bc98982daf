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
import { openModel } from './open-model.ts';
import { peakMemoryBytes } from './peak-memory.ts';
import type { RunModel } from './run-models.ts';
import type { StageRunner } from './stage-record.ts';
import type { TrainingTokens } from './training-tokens.ts';
import { openValidationSplit } from './validation-split.ts';

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
  const section = recipe.evaluate;
  const { key } = model;
  if (section === undefined || !section.models.includes(key)) return undefined;
  const { tasks, limit, fewShot, addBos, protocol, data: dataFolder } = section;
  const data = await dataFingerprint(dataFolder);
  const file = `results/${key}.json`;
  await stages.take({
    name: `evaluate ${key}`,
    inputs: () => ({
      ...{ fingerprint: model.fingerprint, tasks, limit, fewShot, addBos, protocol, data },
      validation: tokens?.validation === undefined ? null : tokens.fingerprint,
      ...{ version: context.version, device: recipe.device },
      sequenceLength: recipe.train?.sequenceLength ?? null,
      validationTokens: recipe.train?.validationTokens ?? null,
    }),
    needs: [model.made, tokens?.made],
    outputs: [file],
    work: () => evaluated(recipe, model, tokens, join(stages.folder, file), context),
    adopt: async (record) => {
      const text = recordedResult(record, key, dataFolder);
      if (text !== undefined) await written(join(stages.folder, file), text);
      return text !== undefined;
    },
  });
  return JSON.parse(await readFile(join(stages.folder, file), 'utf8')) as JudgedResult;
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
  const sequenceLength = recipe.train?.sequenceLength ?? Math.min(1024, model.config.maxPositions);
  const validation =
    tokens?.validation === undefined
      ? undefined
      : await openValidationSplit(tokens.validation, {
          ...{ vocabularySize: model.config.vocabulary, sequenceLength },
          limit: recipe.train?.validationTokens,
        });
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
