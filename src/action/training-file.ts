import { z } from 'zod';
import { COMMENT_KEY } from '../github/comment-marker.ts';
import { parseRunRecord } from '../store/run-record.ts';
import type { RunRecord } from '../store/run-record.ts';
import { checkPart } from './check-part.ts';

/** What a train job leaves beside its model: the record of the run so far, still without scores. */
export interface TrainingFile {
  readonly kind: 'inheritune-training';
  readonly schemaVersion: 1;
  readonly variant: string;
  /** The commit the job was about. */
  readonly headSha: string;
  readonly record: RunRecord;
}

const trainingFile = z.strictObject({
  kind: z.literal('inheritune-training'),
  schemaVersion: z.literal(1),
  variant: z.string().regex(COMMENT_KEY),
  headSha: z.string().regex(/^[0-9a-f]{40,64}$/),
  record: z.unknown(),
});

/** A training's file from its JSON; `file` names it in messages. @throws ActionError, StoreError */
export function parseTrainingFile(json: unknown, file: string): TrainingFile {
  const { record, ...rest } = checkPart(trainingFile, json, file, 'what a train job leaves');
  return { ...rest, record: parseRunRecord(JSON.stringify(record), file) };
}
