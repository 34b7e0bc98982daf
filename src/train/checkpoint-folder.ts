import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assignInGroups } from '../graph/assign-in-groups.ts';
import { unalignedArray } from '../graph/host-memory.ts';
import type { ParameterSpec } from '../model/parameters.ts';
import { parametersOf } from '../model/parameters.ts';
import { bytesOf, elementCount } from '../weights/dtype.ts';
import { syncFolder } from '../weights/file-writes.ts';
import { openSafetensors } from '../weights/safetensors-file.ts';
import { createSafetensors } from '../weights/safetensors-writer.ts';
import { CHUNK_BYTES } from '../weights/tensor-chunks.ts';
import { readState, writeState } from './checkpoint-state.ts';
import type { CheckpointState } from './checkpoint-state.ts';
import { TrainError } from './train-error.ts';
import { firstMomentName, secondMomentName } from './training-program.ts';
import type { TrainingSession } from './training-session.ts';

const TENSORS_FILE = 'training.safetensors';
const FOLDER = /^step-(\d+)$/;

/**
 * Writes weights and moments, a few at a time, beside `folder`'s other checkpoints; the new one appears whole, flushed to
 * disk, by a rename. Older ones beyond `keep` are removed afterwards.
 * @returns the first tensor with a value that is not finite; then nothing of this checkpoint is left
 */
export async function saveTrainingCheckpoint(
  folder: string,
  session: TrainingSession,
  state: CheckpointState,
  keep: number,
): Promise<string | undefined> {
  const target = join(folder, `step-${String(state.step).padStart(8, '0')}`);
  const staging = `${target}.writing`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  try {
    const written = await writeTensors(join(staging, TENSORS_FILE), session);
    if ('broken' in written) {
      await rm(staging, { recursive: true });
      return written.broken;
    }
    await writeState(staging, state, written.sha256);
    await syncFolder(staging);
    await moveAside(target);
    await rename(staging, target);
    await syncFolder(folder);
  } catch (cause) {
    await rm(staging, { recursive: true, force: true });
    throw cause;
  }
  const older = (await checkpointSteps(folder)).filter(({ step }) => step <= state.step).slice(keep);
  for (const { name } of older) await rm(join(folder, name), { recursive: true, force: true });
  await removeLeftovers(folder);
  return undefined;
}

/**
 * Loads the newest checkpoint of this run that is whole into `session`. Damaged ones are passed over, told to `note`
 * and, once a whole one is found, removed. Everything is hashed before the first tensor is loaded: a session is never
 * left half of one run.
 * @returns undefined when there is none
 * @throws TrainError `foreignCheckpoint` when the newest whole one belongs to a run with other data or settings
 */
export async function loadTrainingCheckpoint(
  folder: string,
  session: TrainingSession,
  runHash: string,
  note: (text: string) => void,
): Promise<CheckpointState | undefined> {
  const damaged: string[] = [];
  for (const { name } of await checkpointSteps(folder)) {
    const path = join(folder, name);
    try {
      const { state, tensorsSha256 } = await readState(path);
      if (state.runHash !== runHash) throw foreign(path);
      await readTensors(join(path, TENSORS_FILE), session, tensorsSha256);
      for (const other of damaged) await rm(join(folder, other), { recursive: true, force: true });
      await removeLeftovers(folder);
      return state;
    } catch (cause) {
      if (cause instanceof TrainError && cause.code === 'foreignCheckpoint') throw cause;
      damaged.push(name);
      note(
        `checkpoint ${name} is damaged and passed over: ${cause instanceof Error ? cause.message : String(cause)}`,
      );
    }
  }
  return undefined;
}

/** Checkpoints in a folder, newest first. */
export async function checkpointSteps(folder: string): Promise<{ name: string; step: number }[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .map((name) => ({ name, step: Number(FOLDER.exec(name)?.[1] ?? NaN) }))
    .filter(({ step }) => Number.isFinite(step))
    .sort((a, b) => b.step - a.step);
}

/**
 * Every tensor of a checkpoint: the weights and their moments, in the session's own order. Neighbours are read together; in
 * another order everything would be read several times.
 */
export function checkpointTensors(session: TrainingSession): ParameterSpec[] {
  const kept = new Set(
    parametersOf(session.shape.config).flatMap(({ name }) => [
      name,
      firstMomentName(name),
      secondMomentName(name),
    ]),
  );
  return [...session.program.variables]
    .filter(([name]) => kept.has(name))
    .map(([name, { shape }]) => ({ name, shape }));
}

function foreign(path: string): TrainError {
  return new TrainError(
    'foreignCheckpoint',
    `${path} belongs to a run with other data or settings. Choose another output folder, or train without --resume to start over.`,
  );
}

/** A folder cannot be renamed onto another one; what is in the way is removed only once the new one has its name. */
async function moveAside(target: string): Promise<void> {
  await rename(target, `${target}.${randomBytes(4).toString('hex')}.replaced`).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  });
}

/** What a kill or a replacement left behind. */
async function removeLeftovers(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter((name) => /\.(writing|replaced)$/.test(name));
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true });
}

async function writeTensors(
  path: string,
  session: TrainingSession,
): Promise<{ readonly sha256: string } | { readonly broken: string }> {
  const specs = checkpointTensors(session).map((spec) => ({ ...spec, dtype: 'F32' as const }));
  const writer = await createSafetensors(path, specs, { order: 'given' });
  const hash = createHash('sha256');
  let isBroken = false as boolean;
  const checked = function* (name: string): Generator<Uint8Array> {
    for (const values of session.pieces(name)) {
      isBroken ||= !allFinite(values);
      const bytes = bytesOf(values);
      hash.update(bytes);
      yield bytes;
    }
  };
  try {
    for (const { name } of writer.order) {
      await writer.write(name, checked(name));
      if (isBroken) return { broken: name };
    }
    await writer.finish();
  } finally {
    await writer.abort();
  }
  return { sha256: hash.digest('hex') };
}

/** About 1 ns a value. */
function allFinite(values: Float32Array): boolean {
  // x - x is 0 for a finite number and NaN otherwise; one sum keeps the loop free of branches.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! - values[i]!;
  return sum === 0;
}

async function readTensors(path: string, session: TrainingSession, sha256: string): Promise<void> {
  const file = await openSafetensors(path);
  try {
    const hash = createHash('sha256');
    const piece = new Uint8Array(CHUNK_BYTES);
    for (const name of file.entries.keys())
      for await (const bytes of file.chunks(name, piece)) hash.update(bytes);
    if (hash.digest('hex') !== sha256)
      throw new TrainError('checkpoint', `${path} does not match its sha256. Use an older checkpoint.`);
    session.free();
    await assignInGroups(session, checkpointTensors(session), async ({ name, shape }) => {
      const values = unalignedArray(Float32Array, elementCount(shape));
      await file.readInto(name, bytesOf(values));
      return values;
    });
  } finally {
    await file.close();
  }
}
