import { createHash } from 'node:crypto';
import type { EvaluationResult } from '../../src/evaluate/result.ts';
import { compactModel } from '../../src/store/compact-model.ts';
import { parseRunRecord, runRecordText } from '../../src/store/run-record.ts';
import type { ItemSets, RunRecord } from '../../src/store/run-record.ts';

export function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A record around evaluation results by model, checked as a stored one is. */
export function makeRecord(
  results: Readonly<Record<string, EvaluationResult>>,
  changes: Partial<RunRecord> = {},
): RunRecord {
  const itemSets: ItemSets = {};
  const models = Object.fromEntries(
    Object.entries(results).map(([key, result]) => [
      key,
      compactModel(result, key, itemSets, { margins: true }),
    ]),
  );
  const record: RunRecord = {
    schemaVersion: 1,
    kind: 'run',
    name: 'nightly',
    createdAt: '2026-03-01T02:00:00Z',
    commit: 'a'.repeat(40),
    command: 'inheritune run nightly.yml',
    recipe: { reference: { model: 'some/model' }, train: { initialise: 'inherited', steps: 1000 } },
    recipeHash: sha('recipe'),
    designHash: sha('design'),
    seeds: { inherit: 1, data: 1, train: 1 },
    stageInputs: { inherit: sha('inherit'), train: sha('train') },
    hashes: {
      referenceWeights: sha('reference'),
      inheritedWeights: sha('inherited'),
      tokenStream: sha('tokens'),
      batchOrder: sha('order'),
      lossAtSteps: [
        { step: 1, lossNats: 9.5 },
        { step: 10, lossNats: 8.5 },
        { step: 1000, lossNats: 4.5 },
      ],
      trainedWeights: sha('trained'),
      itemScores: { trained: sha('scores') },
    },
    environment: { device: 'cpu', processor: 'Example CPU' },
    cost: {
      ...{ gpuMinutes: 0, minutes: 12, trainedTokens: 1e6, evaluatedTokens: 1e5 },
      ...{ peakMemoryBytes: null, trainTokensPerSecond: 800 },
    },
    reusedStages: [],
    training: { steps: 1000, tokens: 1e6, precision: 'float32', losses: [], validation: [] },
    inheritance: { source: 'some/model', sourceBlocks: 4, blocks: [0, 1] },
    itemSets,
    models,
    ...changes,
  };
  return parseRunRecord(runRecordText(record), 'test record');
}
