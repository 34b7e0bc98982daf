import { parametersOf } from '../model/parameters.ts';
import type { Progress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { bytesOf } from '../weights/dtype.ts';
import { writeCheckpoint } from '../weights/write-checkpoint.ts';
import { turnOfEvents } from './interruption.ts';
import type { TrainingSession } from './training-session.ts';

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
      read: () => Promise.resolve(bytesOf(session.read(name))),
      chunks: async function* () {
        await turnOfEvents();
        check();
        for (const values of session.pieces(name)) yield bytesOf(values);
      },
    })),
    sidecars: start.sidecars,
    dtype: 'F32',
    progress,
  });
}
