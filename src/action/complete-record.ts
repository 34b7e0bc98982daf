import type { EvaluationResult } from '../evaluate/result.ts';
import { compactModel } from '../store/compact-model.ts';
import type { ItemSets, RunRecord } from '../store/run-record.ts';
import { scoresHash } from '../store/scores-hash.ts';

/**
 * The record of a run whose parts were done by several jobs: the training's, with the scores of the trained model and what they cost; pure.
 * The environment is that of the evaluation, as in a run of one job, beside `trainingDevice` of the training.
 */
export function completeRecord(training: RunRecord, result: EvaluationResult): RunRecord {
  const itemSets: ItemSets = {};
  const trained = compactModel(result, 'trained', itemSets, { margins: true });
  const minutes = result.seconds / 60;
  const { cost } = training;
  return {
    ...training,
    hashes: { ...training.hashes, itemScores: { trained: scoresHash(trained.tasks) } },
    environment: { ...result.environment, ...training.environment },
    cost: {
      ...cost,
      gpuMinutes: cost.gpuMinutes + (result.environment['device'] === 'cpu' ? 0 : minutes),
      minutes: cost.minutes + minutes,
      evaluatedTokens: result.tokensComputed,
    },
    itemSets,
    models: { trained },
  };
}
