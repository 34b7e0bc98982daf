import { z } from 'zod';
import { COMMENT_KEY } from '../github/comment-marker.ts';
import { parseRunRecord } from '../store/run-record.ts';
import type { RunRecord } from '../store/run-record.ts';
import { ActionError } from './action-error.ts';

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
  const parsed = trainingFile.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ActionError(
      'ACTION_RESULTS',
      `${file} is not what a train job leaves: ${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'wrong'}. Give "results" a folder with nothing but what the jobs of this run left.`,
    );
  }
  const { record, ...rest } = parsed.data;
  return { ...rest, record: parseRunRecord(JSON.stringify(record), file) };
}
