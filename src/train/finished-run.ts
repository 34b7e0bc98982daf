import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeReplacing } from '../weights/file-writes.ts';
import { incident } from './checkpoint-state.ts';
import { readTrainLog, validationPoints } from './train-log.ts';
import type { TrainOptions, TrainOutcome } from './train-options.ts';

/** In the output folder, beside the trained model. */
const FINISHED_FILE = 'finished.json';

/** Config and weights of the model. */
const MODEL_FILE = /^config\.json$|\.safetensors$/;

const finishedRun = z.strictObject({
  schemaVersion: z.literal(1),
  /** Hash of everything that decides the run's numbers. */
  runHash: z.string(),
  steps: z.int(),
  tokens: z.number(),
  /** Training time, over all resumed parts. */
  seconds: z.number(),
  incidents: z.array(incident),
  model: z.array(z.strictObject({ name: z.string(), bytes: z.int() })).min(1),
});

type Run = Pick<TrainOptions, 'outFolder' | 'runHash'>;

/**
 * Says on disk that the run is over, once its model is written: from then on its checkpoints may go. What comes after a
 * training, such as hashing the model, takes minutes; a run that is killed in them goes on from here.
 */
export async function writeFinished({ outFolder, runHash }: Run, outcome: TrainOutcome): Promise<void> {
  const { steps, tokens, seconds, incidents } = outcome;
  const names = (await readdir(outFolder)).filter((name) => MODEL_FILE.test(name)).sort();
  const model = [];
  for (const name of names) model.push({ name, bytes: (await stat(join(outFolder, name))).size });
  const file = { schemaVersion: 1, runHash, steps, tokens, seconds, incidents, model };
  await writeReplacing(join(outFolder, FINISHED_FILE), `${JSON.stringify(file, null, 2)}\n`);
}

/** The outcome of this run where it is over and its model still there; undefined elsewhere. */
export async function readFinished({ outFolder, runHash }: Run): Promise<TrainOutcome | undefined> {
  try {
    const file = finishedRun.parse(JSON.parse(await readFile(join(outFolder, FINISHED_FILE), 'utf8')));
    if (file.runHash !== runHash) return undefined;
    for (const { name, bytes } of file.model)
      if ((await stat(join(outFolder, name))).size !== bytes) return undefined;
    const { steps, tokens, seconds, incidents } = file;
    const validation = validationPoints(await readTrainLog(outFolder));
    return { steps, tokens, seconds, resumedFrom: steps, validation, incidents };
  } catch {
    // No such file, or none of ours: the run is not known to be over.
    return undefined;
  }
}

/** Before a new run replaces anything that the file speaks of. */
export async function removeFinished(outFolder: string): Promise<void> {
  await rm(join(outFolder, FINISHED_FILE), { force: true });
}
