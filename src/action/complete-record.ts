import type { EvaluationResult } from '../evaluate/result.ts';
import { compactModel } from '../store/compact-model.ts';
import type { RunRecord } from '../store/run-record.ts';
import { scoresHash } from '../store/scores-hash.ts';
import type { ModelKey } from './stage-command.ts';
import type { TrainingFile } from './training-file.ts';

/**
 * The record of a run whose parts were done by several jobs: the training's, with the scores of the models that it left and what they
 * cost; pure. Each evaluation is entered under the hash of its inputs, so that a later run that is given the same takes it over.
 * The environment is that of the evaluation, as in a run of one job, beside `trainingDevice` of the training.
 */
export function completeRecord(
  { record: training, left }: TrainingFile,
  results: Readonly<Partial<Record<ModelKey, EvaluationResult>>>,
): RunRecord {
  const itemSets = { ...training.itemSets };
  const models = { ...training.models };
  const itemScores = { ...training.hashes.itemScores };
  const stageInputs = { ...training.stageInputs };
  const stageResults = { ...training.stageResults };
  const cost = { ...training.cost };
  let environment = {};
  for (const { model, label, inputHash } of left) {
    const result = results[model];
    if (result === undefined) continue;
    const compact = compactModel(result, label, itemSets, { margins: model === 'trained' });
    const { seconds, parameters } = result;
    models[model] = compact;
    itemScores[model] = scoresHash(compact.tasks);
    stageInputs[`evaluate ${model}`] = inputHash;
    stageResults[`evaluate ${model}`] = { seconds, result: { parameters, peakMemoryBytes: null } };
    cost.gpuMinutes += result.environment['device'] === 'cpu' ? 0 : seconds / 60;
    cost.minutes += seconds / 60;
    cost.evaluatedTokens += result.tokensComputed;
    environment = result.environment;
  }
  // Where nothing was left to evaluate, the scores' own environment is that of the run they were taken from.
  if (left.length === 0) environment = (models['trained'] ?? Object.values(models).at(-1))?.environment ?? {};
  return {
    ...training,
    ...{ stageInputs, stageResults, hashes: { ...training.hashes, itemScores }, cost, itemSets, models },
    environment: { ...environment, ...training.environment },
  };
}
