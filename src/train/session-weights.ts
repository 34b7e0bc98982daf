import { parametersOf } from '../model/parameters.ts';
import type { Progress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { writeCheckpoint } from '../weights/write-checkpoint.ts';
import { checkpointTensors } from './checkpoint-folder.ts';
import { turnOfEvents } from './interruption.ts';
import type { TrainingSession } from './training-session.ts';

/** The first weight or moment that holds an infinity or NaN. About 1 ns a value. */
export function firstNonFinite(session: TrainingSession): string | undefined {
  return checkpointTensors(session).find(({ name }) => !allFinite(session.read(name)))?.name;
}

/** Writes the session's weights in Hugging Face layout with the config and sidecars of `start`; `check` may throw between tensors. */
export async function writeTrainedModel(
  session: TrainingSession,
  start: Checkpoint,
  folder: string,
  progress: Progress,
  check: () => void,
): Promise<void> {
  await writeCheckpoint(folder, {
    config: start.config,
    tensors: parametersOf(session.shape.config).map(({ name, shape }) => ({
      spec: { name, shape, dtype: 'F32' },
      read: async () => {
        await turnOfEvents();
        check();
        const values = session.read(name);
        return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      },
    })),
    sidecars: start.sidecars,
    dtype: 'F32',
    progress,
  });
}

function allFinite(values: Float32Array): boolean {
  // x - x is 0 for a finite number and NaN otherwise; one sum keeps the loop free of branches.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! - values[i]!;
  return sum === 0;
}
