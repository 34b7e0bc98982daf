import { mkdir } from 'node:fs/promises';
import { interrupted, turnOfEvents } from './interruption.ts';
import { namedFailure } from './train-failure.ts';
import type { TrainOptions, TrainOutcome } from './train-options.ts';
import { TrainingRun } from './training-run.ts';
import { TrainingSession } from './training-session.ts';

/**
 * Trains and writes the model to `outFolder` in Hugging Face layout, with `train.jsonl` beside it.
 * @throws TrainError `interrupted` (exit code 75, after a checkpoint), `nonFinite` or `spike` (nothing of that step is
 * written), `diskFull` or `outOfMemory` (the last checkpoint stays), `foreignCheckpoint`
 */
export async function train(options: TrainOptions): Promise<TrainOutcome> {
  const { engine, shape, outFolder, signal, steps } = options;
  let run: TrainingRun | undefined;
  let session: TrainingSession | undefined;
  try {
    await mkdir(outFolder, { recursive: true });
    if (signal.aborted) throw interrupted(undefined, steps, outFolder);
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
