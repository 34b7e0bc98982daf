import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeSynced } from '../weights/file-writes.ts';
import { TrainError } from './train-error.ts';

export const incident = z.strictObject({
  /** Optimizer step that gave the numbers, from 0. */
  step: z.int().min(0),
  /** Position of its batch in the run's batches, from 0; differs from `step` once `reload` passed batches over. */
  batch: z.int().min(0),
  kind: z.enum(['nonFinite', 'spike']),
  action: z.enum(['skip', 'reload']),
  /** As text: JSON has no NaN. */
  lossNats: z.string(),
  gradientNorm: z.string(),
});

/** A step that went wrong and what was done about it; see `TrainingPolicies`. */
export type Incident = z.infer<typeof incident>;

const logLine = z.strictObject({
  step: z.int(),
  loss: z.number(),
  learningRate: z.number(),
  gradNorm: z.number(),
  tokens: z.number(),
  tokensPerSecond: z.number(),
  mfu: z.number().optional(),
});

const checkpointState = z.strictObject({
  /** Optimizer steps done. */
  step: z.int().min(0),
  /** Hash of everything that decides the run's numbers; a checkpoint of another run is not resumed. */
  runHash: z.string(),
  /** Of the order of batches. With `step` and `batchShift` it is the whole random state: batches are a pure function of the three. */
  seed: z.int(),
  /** Batches passed over so far, in optimizer steps: the next step reads the batch `step + batchShift`. */
  batchShift: z.int().min(0),
  tokens: z.number(),
  /** Training time up to here, over all resumed parts. */
  seconds: z.number(),
  bestValidationNats: z.number().nullable(),
  /** Losses of the latest steps, newest last, as many as spikes are judged by. */
  recentLosses: z.array(z.number()),
  incidents: z.array(incident),
  /** The line of the last step where its validation loss was still to be computed when the run stopped. */
  pending: logLine.nullable(),
});

/** What a training checkpoint knows besides tensors. */
export type CheckpointState = z.infer<typeof checkpointState>;

const storedState = z.strictObject({
  schemaVersion: z.literal(2),
  state: checkpointState,
  /** sha256 of the tensors' bytes in file order. */
  tensorsSha256: z.string(),
  /** sha256 of `state` as it stands here. */
  stateSha256: z.string(),
});

const STATE_FILE = 'state.json';

export async function writeState(path: string, state: CheckpointState, tensorsSha256: string): Promise<void> {
  const stored = { schemaVersion: 2, state, tensorsSha256, stateSha256: hashOf(state) };
  await writeSynced(`${path}/${STATE_FILE}`, `${JSON.stringify(stored, null, 2)}\n`);
}

/** @throws TrainError `checkpoint` for a state that is cut off, changed or of another version. */
export async function readState(path: string): Promise<{ state: CheckpointState; tensorsSha256: string }> {
  const file = `${path}/${STATE_FILE}`;
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw damaged(file, 'cannot be read', cause);
  }
  const parsed = storedState.safeParse(json);
  if (!parsed.success) throw damaged(file, 'is not a checkpoint state of this version', parsed.error);
  const { state, stateSha256, tensorsSha256 } = parsed.data;
  if (hashOf(state) !== stateSha256) throw damaged(file, 'does not match its sha256');
  return { state, tensorsSha256 };
}

function hashOf(state: CheckpointState): string {
  // Through the schema, so that the order of keys is the schema's on both sides.
  return createHash('sha256')
    .update(JSON.stringify(checkpointState.parse(state)))
    .digest('hex');
}

function damaged(file: string, what: string, cause?: unknown): TrainError {
  return new TrainError('checkpoint', `${file} ${what}. Use an older checkpoint.`, { cause });
}
