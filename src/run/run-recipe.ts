import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { bytesPerToken } from '../data/token-file.ts';
import type { LoadedRecipe } from '../recipe/load-recipe.ts';
import type { Recipe } from '../recipe/schema.ts';
import { BASELINE_COPY, RECIPE_COPY } from '../store/run-folder.ts';
import { runRecordText } from '../store/run-record.ts';
import { batchOrder } from './batch-order.ts';
import { chooseBlocks } from './choose-blocks.ts';
import type { RunContext } from './context.ts';
import { evaluatedModel } from './evaluated-model.ts';
import { leftEvaluation } from './left-evaluation.ts';
import type { LeftEvaluation } from './left-evaluation.ts';
import { writeReport } from './report-stage.ts';
import type { EvaluatedModel, RunHashes, RunReport } from './report-stage.ts';
import { inheritedModel, trainedModel } from './run-models.ts';
import type { RunModel } from './run-models.ts';
import { StageRunner } from './stage-record.ts';
import type { StageBaseline } from './stage-record.ts';
import { openNamedReference, referenceModel } from './trained-reference.ts';
import { trainingTokens } from './training-tokens.ts';
import type { TrainingTokens } from './training-tokens.ts';

export interface RunOptions {
  readonly outFolder: string;
  /** What a person types to get the same run again. */
  readonly command: string;
  /** The recipe as it was written, before its paths were made absolute. */
  readonly written: LoadedRecipe;
  /** Whose results are taken over where a stage is given the same. */
  readonly baseline?: StageBaseline | undefined;
  /** Evaluate nothing here: another machine scores what cannot be taken over. */
  readonly leaveEvaluation?: boolean;
}

/**
 * The whole job: inherit, prepare, train, evaluate, report. Every stage whose inputs did not change since the last
 * run into the same folder, or since the baseline's, is taken over. Paths in the recipe are absolute by now.
 */
export async function runRecipe(
  recipe: Recipe,
  options: RunOptions,
  context: RunContext,
): Promise<RunReport> {
  const { outFolder, baseline, written } = options;
  await mkdir(outFolder, { recursive: true });
  const note = (text: string): void => {
    context.progress.note(text);
  };
  const stages = new StageRunner(outFolder, note, context.env['GITHUB_ACTIONS'] === 'true', baseline);
  const opened = await openNamedReference(recipe, context);
  try {
    const { data, train } = recipe;
    const tokens =
      data === undefined ? undefined : await trainingTokens(data, train, opened.checkpoint, stages, context);
    await keepOrigin(options);
    const models = [await referenceModel(recipe, opened, tokens, stages, context)];
    const { layers } = opened.config;
    const choice = recipe.inherit && (await chooseBlocks(recipe, models[0]!, layers, stages, context));
    if (choice !== undefined) models.push(await inheritedModel(recipe, models[0]!, choice, stages, context));
    if (train !== undefined && tokens !== undefined)
      models.push(await trainedModel(recipe, models.at(-1)!, tokens, stages, context));
    const evaluated: EvaluatedModel[] = [];
    const left: LeftEvaluation[] = [];
    const evaluate = options.leaveEvaluation === true ? leftEvaluation : evaluatedModel;
    for (const model of models) {
      const result = await evaluate(recipe, model, tokens, stages, context);
      if (result === undefined) continue;
      if ('inputHash' in result) left.push(result);
      else evaluated.push({ model, result });
    }
    const hashes = await runHashes(recipe, models, tokens, opened.config.vocabulary);
    return await writeReport(
      {
        recipe,
        written,
        reference: opened,
        choice,
        evaluated,
        left,
        stages,
        hashes,
        command: options.command,
      },
      context,
    );
  } finally {
    await opened.checkpoint.close();
  }
}

/** The run's folder says by itself what was run, and what its results were taken from. */
export async function keepOrigin({ outFolder, written, baseline }: RunOptions): Promise<void> {
  await writeFileAtomic(join(outFolder, RECIPE_COPY), written.text);
  if (baseline !== undefined)
    await writeFileAtomic(join(outFolder, BASELINE_COPY), runRecordText(baseline.record));
}

/** What the run was made from, and what it left. */
export async function runHashes(
  { train }: Recipe,
  models: readonly Pick<RunModel, 'key' | 'fingerprint'>[],
  tokens: TrainingTokens | undefined,
  vocabularySize: number,
): Promise<RunHashes> {
  const weights = (key: RunModel['key']): string | null =>
    models.find((model) => model.key === key)?.fingerprint ?? null;
  const trainTokens =
    tokens && (tokens.trainTokens ?? (await stat(tokens.train)).size / bytesPerToken(vocabularySize));
  return {
    referenceWeights: weights('reference'),
    inheritedWeights: weights('inherited'),
    tokenStream: tokens?.fingerprint ?? null,
    batchOrder: train === undefined || trainTokens === undefined ? null : batchOrder(train, trainTokens),
    trainedWeights: weights('trained'),
  };
}
