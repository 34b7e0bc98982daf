import { mkdir } from 'node:fs/promises';
import { readFinished } from './finished-run.ts';
import { interrupted, turnOfEvents } from './interruption.ts';
import { removeCheckpoints } from './run-checkpoints.ts';
import { namedFailure } from './train-failure.ts';
import type { TrainOptions, TrainOutcome } from './train-options.ts';
import { TrainingRun } from './training-run.ts';
import { TrainingSession } from './training-session.ts';

/**
 * Trains and writes the model to `outFolder` in Hugging Face layout, with `train.jsonl` beside it.
 * A resumed run that is over already is left as it is.
 * @throws TrainError `interrupted` (exit code 75, after a checkpoint), `nonFinite` or `spike` (nothing of that step is
 * written), `diskFull` or `outOfMemory` (the last checkpoint stays), `foreignCheckpoint`
 */
export async function train(options: TrainOptions): Promise<TrainOutcome> {
  const { engine, shape, outFolder, signal, steps, progress } = options;
  let run: TrainingRun | undefined;
  let session: TrainingSession | undefined;
  try {
    await mkdir(outFolder, { recursive: true });
    if (signal.aborted) throw interrupted(undefined, steps, outFolder);
    const finished = options.resume ? await readFinished(options) : undefined;
    if (finished !== undefined) {
      await removeCheckpoints(outFolder);
      progress.note(`the training in ${outFolder} is over already: nothing was left to do`);
      return finished;
    }
    session = await TrainingSession.open(engine, shape);
    await turnOfEvents();
    if (signal.aborted) throw interrupted(undefined, steps, outFolder);
    run = new TrainingRun(session, options);
    return await run.toEnd();
  } catch (cause) {
    throw namedFailure(cause, { shape, outFolder, savedStep: run?.savedStep });
  } finally {
    session?.close();
  }
}
