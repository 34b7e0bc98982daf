import { join } from 'node:path';
import { EXIT } from '../errors.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { TrainError } from './train-error.ts';

/** Lets signals and the progress display have their turn between native calls, which block. */
export function turnOfEvents(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The end of a run that was asked to stop; `savedStep` is that of the newest checkpoint. */
export function interrupted(savedStep: number | undefined, steps: number, outFolder: string): TrainError {
  const what =
    savedStep === undefined
      ? 'Interrupted before the first checkpoint was needed; nothing was lost'
      : `Interrupted; the checkpoint after step ${savedStep} of ${steps} is in ${join(outFolder, 'checkpoints')}`;
  return new TrainError(
    'interrupted',
    `${what}. Run the same command with --resume to go on (\`run\` goes on by itself).`,
    { exitCode: EXIT.interrupted },
  );
}

/** The checkpoint with a look at the signal before every tensor: loading a large model takes minutes. */
export function abortable(checkpoint: Checkpoint, check: () => void): Checkpoint {
  return {
    ...checkpoint,
    async readFloat32(name) {
      await turnOfEvents();
      check();
      return checkpoint.readFloat32(name);
    },
  };
}
