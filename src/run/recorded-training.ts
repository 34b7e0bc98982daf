import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BASELINE_COPY, grownFolder, incomplete } from '../store/run-folder.ts';
import type { RunSummaryFile, StageFile } from '../store/run-folder.ts';
import { parseRunRecord } from '../store/run-record.ts';
import type { RunRecord } from '../store/run-record.ts';
import { readTrainLog, validationPoints } from '../train/train-log.ts';
import type { TrainLogLine } from '../train/train-log.ts';

/** What a record keeps of a training. */
export interface RecordedTraining {
  readonly training: NonNullable<RunRecord['training']>;
  readonly lossAtSteps: RunRecord['hashes']['lossAtSteps'];
  /** Empty where the training was taken over from a record. */
  readonly log: readonly TrainLogLine[];
}

type GrownRecord = NonNullable<RunRecord['growth']>;

/** Points of the training loss that are kept for the chart. */
const LOSSES_KEPT = 120;

/** Steps whose loss is a fingerprint of everything before: at 1 the weights and the batch, at 10 the optimizer as well. */
const FINGERPRINT_STEPS = [1, 10] as const;

/** The stages of a run in whose `folder` they are, and the precision it trained in. */
export interface FinishedRun {
  readonly folder: string;
  readonly stages: ReadonlyMap<string, StageFile>;
  readonly precision: string;
}

/** The losses of a run's one training, from its log or from the record that it was taken from. */
export function recordedTraining(run: FinishedRun): Promise<RecordedTraining> {
  return trainingOf(run, 'train', run.folder, ({ training, hashes }) => ({
    training,
    lossAtSteps: hashes.lossAtSteps,
  }));
}

/** What a growing run came to, with the losses of every model that it trained, and those of its last target by themselves. */
export async function recordedGrowth(
  run: FinishedRun,
  summary: NonNullable<RunSummaryFile['growth']>,
): Promise<{ readonly growth: GrownRecord; readonly target: RecordedTraining | undefined }> {
  const models: GrownRecord['models'] = [];
  let target: RecordedTraining | undefined;
  for (const model of summary.models) {
    const { name, steps, role } = model;
    const trained =
      steps === null
        ? undefined
        : await trainingOf(run, `train ${name}`, join(run.folder, grownFolder(name)), ({ growth }) =>
            growth?.models.find((one) => one.name === name),
          );
    if (role === 'target') target = trained;
    models.push({ ...model, training: trained?.training ?? null, lossAtSteps: trained?.lossAtSteps ?? [] });
  }
  return { growth: { ...summary, models }, target };
}

async function trainingOf(
  { folder, stages, precision }: FinishedRun,
  name: string,
  place: string,
  recorded: (
    record: RunRecord,
  ) => Pick<GrownRecord['models'][number], 'training' | 'lossAtSteps'> | undefined,
): Promise<RecordedTraining> {
  const stage = stages.get(name);
  if (stage?.from !== undefined) {
    const file = join(folder, BASELINE_COPY);
    const { training, lossAtSteps = [] } =
      recorded(parseRunRecord(await readFile(file, 'utf8').catch(() => ''), file)) ?? {};
    if (training == null) throw incomplete(file, 'it has no training, though the run took its own from it');
    return { training, lossAtSteps, log: [] };
  }
  const log = await readTrainLog(place);
  if (log.length === 0 || stage === undefined) throw incomplete(place, 'it has no finished training');
  const wanted = new Set<number>([...FINGERPRINT_STEPS, log.at(-1)?.step ?? 0]);
  const lossAtSteps = log
    .filter(({ step }) => wanted.has(step))
    .map(({ step, loss }) => ({ step, lossNats: loss }));
  return { training: curvesOf(precision, log), lossAtSteps, log };
}

function curvesOf(precision: string, log: readonly TrainLogLine[]): RecordedTraining['training'] {
  const stride = Math.ceil(log.length / LOSSES_KEPT);
  const kept = log.filter((_, i) => i % stride === 0 || i === log.length - 1);
  return {
    steps: log.at(-1)?.step ?? 0,
    tokens: log.at(-1)?.tokens ?? 0,
    precision,
    losses: kept.map(({ step, loss }) => ({ step, lossNats: Number(loss.toPrecision(7)) })),
    validation: validationPoints(log),
  };
}
