import type { GrowthResult } from '../../src/judge/growth-result.ts';
import type { RunRecord } from '../../src/store/run-record.ts';
import { makeRecord, sha } from './make-record.ts';

/** The record of a growing run; the names of its weights become hashes. */
export function makeGrownRecord(growth: GrowthResult, changes: Partial<RunRecord> = {}): RunRecord {
  const models = growth.models.map((model) => ({
    ...model,
    ...{ weights: sha(model.weights), training: null, lossAtSteps: [{ step: 1, lossNats: 5 }] },
  }));
  return makeRecord({}, { growth: { ...growth, models }, ...changes });
}
