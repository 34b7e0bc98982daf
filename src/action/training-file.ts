import { z } from 'zod';
import { COMMENT_KEY } from '../github/comment-marker.ts';
import { parseRunRecord } from '../store/run-record.ts';
import type { RunRecord } from '../store/run-record.ts';
import { checkPart } from './check-part.ts';
import { MODEL_KEYS } from './stage-command.ts';
import type { ModelKey } from './stage-command.ts';

/** What a train job leaves beside its model: the record of the run so far, still without scores. */
export interface TrainingFile {
  readonly kind: 'inheritune-training';
  readonly schemaVersion: 2;
  readonly variant: string;
  /** The commit the job was about. */
  readonly headSha: string;
  readonly record: RunRecord;
  /** The models that are to be evaluated; the scores of the others are in the record already. */
  readonly left: readonly LeftModel[];
}

export interface LeftModel {
  readonly model: ModelKey;
  readonly label: string;
  /** Of what its evaluation is given, as a run's own stage has it. */
  readonly inputHash: string;
  /** Computed where the tokens are; null without a validation split. */
  readonly validation: {
    readonly lossNats: number;
    readonly perplexity: number;
    readonly tokens: number;
  } | null;
}

const trainingFile = z.strictObject({
  kind: z.literal('inheritune-training'),
  schemaVersion: z.literal(2),
  variant: z.string().regex(COMMENT_KEY),
  headSha: z.string().regex(/^[0-9a-f]{40,64}$/),
  record: z.unknown(),
  left: z
    .array(
      z.strictObject({
        model: z.enum(MODEL_KEYS),
        label: z.string().min(1).max(1000),
        inputHash: z.string().regex(/^[0-9a-f]{64}$/),
        validation: z
          .strictObject({ lossNats: z.number(), perplexity: z.number(), tokens: z.int().min(0) })
          .nullable(),
      }),
    )
    .max(MODEL_KEYS.length),
});

/** A training's file from its JSON; `file` names it in messages. @throws ActionError, StoreError */
export function parseTrainingFile(json: unknown, file: string): TrainingFile {
  const { record, ...rest } = checkPart(trainingFile, json, file, 'what a train job leaves');
  return { ...rest, record: parseRunRecord(JSON.stringify(record), file) };
}
