import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../engine/load.ts';
import { EXIT } from '../errors.ts';
import { parametersOf } from '../model/parameters.ts';
import type { Progress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { writeCheckpoint } from '../weights/write-checkpoint.ts';
import { loadTrainingCheckpoint, saveTrainingCheckpoint } from './checkpoint-folder.ts';
import type { CheckpointState } from './checkpoint-folder.ts';
import { learningRateAt } from './learning-rate.ts';
import type { ScheduleSettings } from './learning-rate.ts';
import { TrainError } from './train-error.ts';
import { appendTrainLog, rewindTrainLog } from './train-log.ts';
import { TrainingSession } from './training-session.ts';
import type { Batch } from './training-session.ts';
import type { TrainingShape } from './training-program.ts';

export interface TrainOptions {
  readonly engine: Engine;
  readonly shape: TrainingShape;
  readonly schedule: ScheduleSettings;
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  /** Where the weights, the config and the tokenizer files come from. */
  readonly start: Checkpoint;
  /** The micro-batch `micro` of optimizer step `step`, both from 0: a pure function, so that a resumed run sees the same. */
  readonly batch: (step: number, micro: number) => Promise<Batch>;
  readonly validation?: { readonly everySteps: number; readonly batches: () => AsyncIterable<Batch> };
  /** Optimizer steps between checkpoints; 0 for none. */
  readonly checkpointEvery: number;
  readonly keepCheckpoints: number;
  /** Hash of everything that decides the numbers. */
  readonly runHash: string;
  readonly resume: boolean;
  readonly outFolder: string;
  readonly progress: Progress;
  /** Aborted by the rim on SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly now?: () => number;
}

export interface TrainOutcome {
  readonly steps: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly resumedFrom: number;
  readonly validation: readonly { readonly step: number; readonly lossNats: number }[];
}

const CHECKPOINTS = 'checkpoints';

/**
 * Trains and writes the model to `outFolder` in Hugging Face layout, with `train.jsonl` beside it.
 * @throws TrainError `interrupted` (exit code 75, after a checkpoint) or `nonFinite` (nothing is written)
 */
export async function train(options: TrainOptions): Promise<TrainOutcome> {
  const { engine, shape, steps, outFolder, progress, signal } = options;
  const now = options.now ?? (() => performance.now());
  await mkdir(outFolder, { recursive: true });
  const session = await TrainingSession.open(engine, shape);
  try {
    let state = await startingState(session, options);
    const resumedFrom = state.step;
    await rewindTrainLog(outFolder, resumedFrom);
    const tokensPerStep = shape.microBatch * shape.sequenceLength * shape.accumulate;
    const validation: { step: number; lossNats: number }[] = [];
    const bar = progress.start('training', steps * tokensPerStep, 'tokens');
    bar.advance(state.tokens);
    while (state.step < steps) {
      const started = now();
      const step = state.step;
      const learningRate = learningRateAt(step, steps, options.schedule);
      const result = await session.step(step, learningRate, (micro) => options.batch(step, micro));
      checkFinite(result.lossNats, result.gradientNorm, step);
      const seconds = (now() - started) / 1000;
      state = {
        ...state,
        step: step + 1,
        tokens: state.tokens + tokensPerStep,
        seconds: state.seconds + seconds,
      };
      const validationLoss = await validate(session, options, state.step);
      if (validationLoss !== undefined) validation.push({ step: state.step, lossNats: validationLoss });
      await appendTrainLog(outFolder, {
        step: state.step,
        loss: result.lossNats,
        learningRate,
        gradNorm: result.gradientNorm,
        tokens: state.tokens,
        tokensPerSecond: tokensPerStep / seconds,
        ...(validationLoss === undefined ? {} : { validationLoss }),
      });
      bar.advance(tokensPerStep, {
        step: `${state.step}/${steps}`,
        loss: result.lossNats.toFixed(3),
        ...(validation.length > 0 ? { validation: validation.at(-1)!.lossNats.toFixed(3) } : {}),
      });
      // The native call blocks: without a turn of the event loop no signal would ever be seen.
      await new Promise((resolve) => setImmediate(resolve));
      const due = options.checkpointEvery > 0 && state.step % options.checkpointEvery === 0;
      if (signal.aborted || (due && state.step < steps)) await save(session, options, state);
      if (signal.aborted) throw interrupted(state, steps, outFolder);
    }
    bar.end();
    await writeModel(session, options);
    await rm(join(outFolder, CHECKPOINTS), { recursive: true, force: true });
    return { steps, tokens: state.tokens, seconds: state.seconds, resumedFrom, validation };
  } finally {
    session.close();
  }
}

async function startingState(session: TrainingSession, options: TrainOptions): Promise<CheckpointState> {
  const { outFolder, runHash, progress } = options;
  const folder = join(outFolder, CHECKPOINTS);
  if (options.resume) {
    const state = await loadTrainingCheckpoint(folder, session, runHash, (text) => {
      progress.note(text);
    });
    if (state !== undefined) {
      progress.note(`resumed from the checkpoint after step ${state.step}`);
      return state;
    }
  }
  await rm(folder, { recursive: true, force: true });
  await session.start(options.start, progress);
  return { step: 0, runHash, tokens: 0, seconds: 0, bestValidationNats: null };
}

function checkFinite(lossNats: number, gradientNorm: number, step: number): void {
  if (Number.isFinite(lossNats) && Number.isFinite(gradientNorm)) return;
  throw new TrainError(
    'nonFinite',
    `Step ${step + 1} gave a loss of ${lossNats} and a gradient norm of ${gradientNorm}; training stopped and no weights of this step were saved. Lower train.optimizer.learningRate or use train.precision float32, and look at the batch of this step.`,
    { exitCode: EXIT.failed },
  );
}

/** Mean over the validation batches after steps that ask for it, and after the last. */
async function validate(
  session: TrainingSession,
  options: TrainOptions,
  step: number,
): Promise<number | undefined> {
  const { validation, steps } = options;
  if (validation === undefined) return undefined;
  const due = step === steps || (validation.everySteps > 0 && step % validation.everySteps === 0);
  if (!due) return undefined;
  let sum = 0;
  let count = 0;
  for await (const batch of validation.batches()) {
    sum += session.loss(batch);
    count++;
  }
  return count === 0 ? undefined : sum / count;
}

function save(session: TrainingSession, options: TrainOptions, state: CheckpointState): Promise<void> {
  return saveTrainingCheckpoint(
    join(options.outFolder, CHECKPOINTS),
    session,
    state,
    options.keepCheckpoints,
  );
}

function interrupted(state: CheckpointState, steps: number, outFolder: string): TrainError {
  return new TrainError(
    'interrupted',
    `Interrupted after step ${state.step} of ${steps}; a checkpoint is in ${join(outFolder, CHECKPOINTS)}. Run the same command with --resume to go on.`,
    { exitCode: EXIT.interrupted },
  );
}

async function writeModel(
  session: TrainingSession,
  { start, shape, outFolder, progress }: TrainOptions,
): Promise<void> {
  await writeCheckpoint(outFolder, {
    config: start.config,
    tensors: parametersOf(shape.config).map(({ name, shape: dims }) => ({
      spec: { name, shape: dims, dtype: 'F32' },
      read: () => {
        const values = session.read(name);
        return Promise.resolve(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      },
    })),
    sidecars: start.sidecars,
    dtype: 'F32',
    progress,
  });
}
