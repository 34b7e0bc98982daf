import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ParameterSpec } from '../model/parameters.ts';
import { parametersOf } from '../model/parameters.ts';
import { openSafetensors } from '../weights/safetensors-file.ts';
import { createSafetensors } from '../weights/safetensors-writer.ts';
import { TrainError } from './train-error.ts';
import { firstMomentName, secondMomentName } from './training-program.ts';
import type { TrainingSession } from './training-session.ts';

/** What a training checkpoint knows besides tensors. */
export interface CheckpointState {
  /** Optimizer steps done. Batches are a pure function of the step, so this is also the position in the data. */
  readonly step: number;
  /** Hash of everything that decides the run's numbers; a checkpoint of another run is not resumed. */
  readonly runHash: string;
  readonly tokens: number;
  /** Training time up to here, over all resumed parts. */
  readonly seconds: number;
  readonly bestValidationNats: number | null;
}

interface StoredState extends CheckpointState {
  readonly schemaVersion: 1;
  /** sha256 of the tensors' bytes in file order. */
  readonly tensorsSha256: string;
}

const TENSORS_FILE = 'training.safetensors';
const STATE_FILE = 'state.json';
const FOLDER = /^step-(\d+)$/;

/**
 * Writes weights and moments, one tensor in memory at a time, beside `folder`'s other checkpoints; the new one
 * appears whole by a rename. Older ones beyond `keep` are removed afterwards.
 */
export async function saveTrainingCheckpoint(
  folder: string,
  session: TrainingSession,
  state: CheckpointState,
  keep: number,
): Promise<void> {
  const target = join(folder, `step-${String(state.step).padStart(8, '0')}`);
  const staging = `${target}.writing`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  try {
    const tensorsSha256 = await writeTensors(join(staging, TENSORS_FILE), session);
    const stored: StoredState = { schemaVersion: 1, ...state, tensorsSha256 };
    await writeFile(join(staging, STATE_FILE), `${JSON.stringify(stored, null, 2)}\n`, { flush: true });
    await rm(target, { recursive: true, force: true });
    await rename(staging, target);
  } catch (cause) {
    await rm(staging, { recursive: true, force: true });
    throw cause;
  }
  const steps = await checkpointSteps(folder);
  for (const { name } of steps.slice(keep)) await rm(join(folder, name), { recursive: true, force: true });
}

/**
 * Loads the newest checkpoint of this run that is whole into `session`; damaged or foreign ones are passed over
 * and told to `note`.
 * @returns undefined when there is none
 */
export async function loadTrainingCheckpoint(
  folder: string,
  session: TrainingSession,
  runHash: string,
  note: (text: string) => void,
): Promise<CheckpointState | undefined> {
  for (const { name } of await checkpointSteps(folder)) {
    try {
      const state = await readState(join(folder, name));
      if (state.runHash !== runHash) {
        throw new TrainError(
          'checkpoint',
          `${join(folder, name)} belongs to a run with other data or settings. Choose another output folder, or train without --resume to start over.`,
        );
      }
      await readTensors(join(folder, name, TENSORS_FILE), session, state);
      return state;
    } catch (cause) {
      if (cause instanceof TrainError && cause.message.includes('belongs to a run')) throw cause;
      note(
        `checkpoint ${name} is damaged and passed over: ${cause instanceof Error ? cause.message : String(cause)}`,
      );
    }
  }
  return undefined;
}

/** Checkpoints in a folder, newest first. */
async function checkpointSteps(folder: string): Promise<{ name: string; step: number }[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .map((name) => ({ name, step: Number(FOLDER.exec(name)?.[1] ?? NaN) }))
    .filter(({ step }) => Number.isFinite(step))
    .sort((a, b) => b.step - a.step);
}

function tensorsOf(session: TrainingSession): ParameterSpec[] {
  return parametersOf(session.shape.config).flatMap(({ name, shape }) =>
    [name, firstMomentName(name), secondMomentName(name)].map((tensor) => ({ name: tensor, shape })),
  );
}

async function writeTensors(path: string, session: TrainingSession): Promise<string> {
  const specs = tensorsOf(session).map((spec) => ({ ...spec, dtype: 'F32' as const }));
  const writer = await createSafetensors(path, specs);
  const hash = createHash('sha256');
  try {
    for (const { name } of writer.order) {
      const bytes = bytesOf(session.read(name));
      hash.update(bytes);
      await writer.write(name, bytes);
    }
    await writer.finish();
  } finally {
    await writer.abort();
  }
  return hash.digest('hex');
}

async function readState(folder: string): Promise<StoredState> {
  return JSON.parse(await readFile(join(folder, STATE_FILE), 'utf8')) as StoredState;
}

/** Hashes the whole file before the first tensor is loaded: a session is never left half of one run. */
async function readTensors(path: string, session: TrainingSession, state: StoredState): Promise<void> {
  const file = await openSafetensors(path);
  try {
    const hash = createHash('sha256');
    for (const name of file.entries.keys())
      for await (const piece of file.chunks(name, 2 ** 23)) hash.update(piece);
    if (hash.digest('hex') !== state.tensorsSha256)
      throw new TrainError('checkpoint', `${path} does not match its sha256.`);
    for (const { name } of tensorsOf(session)) session.assign(name, floatsOf(await file.read(name)));
  } finally {
    await file.close();
  }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
