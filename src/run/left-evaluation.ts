import { relative } from 'node:path';
import type { JudgedResult } from '../judge/judged-result.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { RunContext } from './context.ts';
import { evaluation, isEvaluated, readScores } from './evaluated-model.ts';
import { heldOutLoss } from './held-out-loss.ts';
import type { RunModel } from './run-models.ts';
import type { StageRunner } from './stage-record.ts';
import type { TrainingTokens } from './training-tokens.ts';

/** An evaluation that another machine is to make. */
export interface LeftEvaluation {
  readonly model: RunModel['key'];
  readonly label: string;
  /** Of the stage's inputs: what it comes to is this run's, and a later one's that is given the same. */
  readonly inputHash: string;
  /** Of the model, relative to the run's folder; null where the recipe names it. */
  readonly folder: string | null;
  /** Computed here, where the tokens are; null without a validation split. */
  readonly validation: NonNullable<JudgedResult['validation']> | null;
}

/** As `evaluatedModel`, but what cannot be taken over is left: the weights and the validation loss are made, the scores are not. */
export async function leftEvaluation(
  recipe: Recipe,
  model: RunModel,
  tokens: TrainingTokens | undefined,
  stages: StageRunner,
  context: RunContext,
): Promise<JudgedResult | LeftEvaluation | undefined> {
  if (!isEvaluated(recipe, model)) return undefined;
  const inputHash = await stages.leave(await evaluation(recipe, model, tokens, stages, context));
  if (inputHash === undefined) return readScores(model, stages);
  const { key, label, made } = model;
  return {
    ...{ model: key, label, inputHash },
    folder: made === undefined ? null : relative(stages.folder, model.folder) || '.',
    validation: await validated(recipe, model, tokens, stages, context),
  };
}

/** The validation loss alone, as an evaluation computes it. */
async function validated(
  recipe: Recipe,
  source: RunModel,
  tokens: TrainingTokens | undefined,
  stages: StageRunner,
  context: RunContext,
): Promise<LeftEvaluation['validation']> {
  if (tokens?.validation === undefined) return null;
  const { train, device } = recipe;
  return stages.run({
    name: `validate ${source.key}`,
    inputs: () => ({
      ...{ fingerprint: source.fingerprint, tokens: tokens.fingerprint, version: context.version, device },
      ...{ sequenceLength: train?.sequenceLength ?? null, validationTokens: train?.validationTokens ?? null },
    }),
    needs: [source.made, tokens.made],
    outputs: [],
    work: () => heldOutLoss(recipe, { location: source.folder, label: source.label }, tokens, context),
  });
}
