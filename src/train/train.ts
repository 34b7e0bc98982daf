// Longer than other files: the loop, its way back and its ways out share one state, and are read together.
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../engine/load.ts';
import type { Progress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { brokenWeights, judgeStep, remedyFor } from './anomaly.ts';
import type { Anomaly, TrainingPolicies } from './anomaly.ts';
import { checkpointSteps, loadTrainingCheckpoint, saveTrainingCheckpoint } from './checkpoint-folder.ts';
import type { CheckpointState, Incident } from './checkpoint-state.ts';
import { abortable, interrupted, turnOfEvents } from './interruption.ts';
import { learningRateAt } from './learning-rate.ts';
import type { ScheduleSettings } from './learning-rate.ts';
import { firstNonFinite, writeTrainedModel } from './session-weights.ts';
import { TrainError } from './train-error.ts';
import { namedFailure } from './train-failure.ts';
import { appendTrainLog, rewindTrainLog, syncTrainLog } from './train-log.ts';
import type { TrainLogLine } from './train-log.ts';
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
  /** The micro-batch `micro` of the run's batch `step`, both from 0: a pure function, so that a resumed run sees the same. */
  readonly batch: (step: number, micro: number) => Promise<Batch>;
  /** Of the order of batches; kept in checkpoints. */
  readonly seed: number;
  readonly validation?: { readonly everySteps: number; readonly batches: () => AsyncIterable<Batch> };
  /** Keeps the model with the lowest validation loss in `best/`, where validation losses are computed on the way. */
  readonly keepBest?: boolean;
  readonly policies?: TrainingPolicies;
  /** What the utilisation of the device is reported by; not reported without. */
  readonly utilisation?: UtilisationBasis | undefined;
  /** Optimizer steps between checkpoints; 0 for one at the end only. */
  readonly checkpointEvery: number;
  readonly keepCheckpoints: number;
  /** Optimizer steps between updates of the displayed loss. */
  readonly logEvery?: number;
  /** Hash of everything that decides the numbers. */
  readonly runHash: string;
  readonly resume: boolean;
  /** What a resumed run does about a checkpoint of a run with other data or settings. */
  readonly onForeign?: 'refuse' | 'startOver';
  readonly outFolder: string;
  readonly progress: Progress;
  /** Aborted by the rim on SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly now?: () => number;
}

/** Model FLOPs utilisation is `flopPerToken` times tokens/s over `peakFlopPerSecond`. */
export interface UtilisationBasis {
  /** Of the model's matrix products, forward and backward. */
  readonly flopPerToken: number;
  /** Of the device, at the precision of the run. */
  readonly peakFlopPerSecond: number;
}

export interface TrainOutcome {
  readonly steps: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly resumedFrom: number;
  readonly validation: readonly { readonly step: number; readonly lossNats: number }[];
  readonly incidents: readonly Incident[];
}

const CHECKPOINTS = 'checkpoints';
/** Checkpoints of an earlier run in the same folder, kept until this one has its own. */
const PREVIOUS = 'checkpoints.previous';
export const BEST_MODEL = 'best';

/**
 * Trains and writes the model to `outFolder` in Hugging Face layout, with `train.jsonl` beside it.
 * @throws TrainError `interrupted` (exit code 75, after a checkpoint), `nonFinite` or `spike` (nothing of that step is
 * written), `diskFull` or `outOfMemory` (the last checkpoint stays), `foreignCheckpoint`
 */
export async function train(options: TrainOptions): Promise<TrainOutcome> {
  const { engine, shape, outFolder, signal, steps } = options;
  let run: Training | undefined;
  let session: TrainingSession | undefined;
  try {
    await mkdir(outFolder, { recursive: true });
    if (signal.aborted) throw interrupted(undefined, steps, outFolder);
    session = await TrainingSession.open(engine, shape);
    await turnOfEvents();
    if (signal.aborted) throw interrupted(undefined, steps, outFolder);
    run = new Training(session, options);
    return await run.toEnd();
  } catch (cause) {
    throw namedFailure(cause, { shape, outFolder, savedStep: run?.savedStep });
  } finally {
    session?.close();
  }
}

/** One training run in memory: `state` always says what the session's weights are. */
class Training {
  /** The newest whole checkpoint on disk. */
  savedStep: number | undefined;
  private readonly session: TrainingSession;
  private readonly options: TrainOptions;
  private readonly folder: string;
  private readonly policies: TrainingPolicies;
  private readonly validation: { step: number; lossNats: number }[] = [];
  private state!: CheckpointState;

  constructor(session: TrainingSession, options: TrainOptions) {
    this.session = session;
    this.options = options;
    this.folder = join(options.outFolder, CHECKPOINTS);
    this.policies = options.policies ?? { onNonFinite: 'stop' };
  }

  async toEnd(): Promise<TrainOutcome> {
    const { steps, outFolder, progress, shape, signal } = this.options;
    this.state = await this.startingState();
    const resumedFrom = this.state.step;
    await rewindTrainLog(outFolder, resumedFrom);
    const bar = progress.start('training', steps * tokensPerStep(shape), 'tokens', this.state.tokens);
    await this.finishPending();
    while (this.state.step < steps) {
      const before = this.state;
      const line = await this.nextStep();
      if (line !== undefined) {
        const logged = line.step % (this.options.logEvery ?? 1) === 0 || line.step === steps;
        bar.advance(tokensPerStep(shape), ...(logged ? [this.facts(line)] : []));
      }
      // The native call blocks: without a turn of the event loop no signal would ever be seen.
      await turnOfEvents();
      if (signal.aborted) await this.stop();
      const { checkpointEvery } = this.options;
      const due =
        this.state.step === steps || (checkpointEvery > 0 && this.state.step % checkpointEvery === 0);
      if (due && this.state.step > before.step) await this.saveOrRecover(before);
      if (signal.aborted) await this.stop();
    }
    bar.end();
    await writeTrainedModel(this.session, this.options.start, outFolder, progress, () => this.checkSignal());
    for (const folder of [CHECKPOINTS, PREVIOUS])
      await rm(join(outFolder, folder), { recursive: true, force: true });
    const { tokens, seconds, incidents } = this.state;
    return { steps, tokens, seconds, resumedFrom, validation: this.validation, incidents };
  }

  private async startingState(): Promise<CheckpointState> {
    const { outFolder, runHash, progress, resume } = this.options;
    const loaded = resume ? await this.loadNewest() : undefined;
    if (loaded !== undefined) {
      progress.note(`resumed from the checkpoint after step ${loaded.step}`);
      return loaded;
    }
    if ((await checkpointSteps(this.folder)).length > 0) {
      progress.note(
        `training starts over; the earlier checkpoints in ${outFolder} are kept in ${PREVIOUS} until the first new one`,
      );
      await rm(join(outFolder, PREVIOUS), { recursive: true, force: true });
      await rename(this.folder, join(outFolder, PREVIOUS));
    }
    await rm(join(outFolder, BEST_MODEL), { recursive: true, force: true });
    await this.loadStart();
    const { seed } = this.options;
    return {
      ...{ step: 0, runHash, seed, batchShift: 0, tokens: 0, seconds: 0 },
      ...{ bestValidationNats: null, recentLosses: [], incidents: [], pending: null },
    };
  }

  private async loadNewest(): Promise<CheckpointState | undefined> {
    const { runHash, progress, onForeign } = this.options;
    try {
      const note = (text: string): void => {
        progress.note(text);
      };
      const state = await loadTrainingCheckpoint(this.folder, this.session, runHash, note);
      this.savedStep = state?.step;
      return state;
    } catch (cause) {
      const foreign = cause instanceof TrainError && cause.code === 'foreignCheckpoint';
      if (!foreign || onForeign !== 'startOver') throw cause;
      return undefined;
    }
  }

  private async loadStart(): Promise<void> {
    const { start, progress } = this.options;
    await this.session.start(
      abortable(start, () => this.checkSignal()),
      progress,
    );
  }

  /** One optimizer step with its validation and log line; undefined where the policies left it out or went back. */
  private async nextStep(): Promise<TrainLogLine | undefined> {
    const { steps, shape, schedule, batch } = this.options;
    const now = this.options.now ?? (() => performance.now());
    const { step, batchShift } = this.state;
    if (this.state.incidents.some((one) => one.action === 'skip' && one.step === step)) {
      this.state = { ...this.state, step: step + 1 };
      return undefined;
    }
    const started = now();
    const learningRate = learningRateAt(step, steps, schedule);
    const result = await this.session.step(step, learningRate, async (micro) => {
      // A step of many micro-batches may take minutes: until its last one the weights are still those of `state`.
      await turnOfEvents();
      if (this.options.signal.aborted) await this.stop();
      return batch(step + batchShift, micro);
    });
    const anomaly = judgeStep(result, this.state.recentLosses, this.policies);
    if (anomaly !== undefined) {
      await this.recover(anomaly, this.state);
      return undefined;
    }
    const seconds = (now() - started) / 1000;
    const tokens = this.state.tokens + tokensPerStep(shape);
    const tokensPerSecond = tokensPerStep(shape) / seconds;
    const line: TrainLogLine = {
      ...{ step: step + 1, loss: result.lossNats, learningRate, gradNorm: result.gradientNorm, tokens },
      ...{ tokensPerSecond, ...this.utilisationAt(tokensPerSecond) },
    };
    this.state = {
      ...{ ...this.state, step: step + 1, tokens, seconds: this.state.seconds + seconds, pending: line },
      recentLosses: this.recentWith(result.lossNats),
    };
    return this.finishPending();
  }

  /** As many of the newest losses as spikes are judged by. */
  private recentWith(lossNats: number): number[] {
    const window = this.policies.spike?.window ?? 0;
    return window === 0 ? [] : [...this.state.recentLosses, lossNats].slice(-window);
  }

  /** Completes a step: its validation loss if one is due, then its line in the log. */
  private async finishPending(): Promise<TrainLogLine | undefined> {
    const { pending } = this.state;
    if (pending === null) return undefined;
    const validationLoss = await this.validate(pending.step);
    const line = validationLoss === undefined ? pending : { ...pending, validationLoss };
    await appendTrainLog(this.options.outFolder, line);
    this.state = { ...this.state, pending: null };
    if (validationLoss !== undefined) await this.noteValidation(pending.step, validationLoss);
    return line;
  }

  /** Mean over the validation batches after steps that ask for it, and after the last. */
  private async validate(step: number): Promise<number | undefined> {
    const { validation, steps } = this.options;
    if (validation === undefined) return undefined;
    const due = step === steps || (validation.everySteps > 0 && step % validation.everySteps === 0);
    if (!due) return undefined;
    let sum = 0;
    let count = 0;
    for await (const batch of validation.batches()) {
      await turnOfEvents();
      if (this.options.signal.aborted) await this.stop();
      sum += this.session.loss(batch);
      count++;
    }
    return count === 0 ? undefined : sum / count;
  }

  private async noteValidation(step: number, lossNats: number): Promise<void> {
    this.validation.push({ step, lossNats });
    const best = this.state.bestValidationNats;
    if (!Number.isFinite(lossNats) || (best !== null && lossNats >= best)) return;
    this.state = { ...this.state, bestValidationNats: lossNats };
    const { keepBest, validation, outFolder, start, progress } = this.options;
    if (keepBest !== true || validation === undefined || validation.everySteps === 0) return;
    await writeTrainedModel(this.session, start, join(outFolder, BEST_MODEL), progress, () => undefined);
  }

  /** A checkpoint of weights that are all finite; weights that are not go the way of a bad step. */
  private async saveOrRecover(before: CheckpointState): Promise<void> {
    const broken = firstNonFinite(this.session);
    if (broken === undefined) await this.save();
    else await this.recover(brokenWeights(broken, this.policies), before);
  }

  private async save(): Promise<void> {
    if (this.savedStep === this.state.step) return;
    const { keepCheckpoints, outFolder } = this.options;
    await syncTrainLog(outFolder);
    await saveTrainingCheckpoint(this.folder, this.session, this.state, keepCheckpoints);
    this.savedStep = this.state.step;
    await rm(join(outFolder, PREVIOUS), { recursive: true, force: true });
  }

  /** Goes back to the last good weights, and remembers what to leave out. */
  private async recover(anomaly: Anomaly, at: CheckpointState): Promise<void> {
    const { outFolder, progress } = this.options;
    const incident = remedyFor(anomaly, at);
    const incidents = [...at.incidents, incident];
    const good = await this.loadNewest();
    if (good === undefined) await this.loadStart();
    const from = good?.step ?? 0;
    await rewindTrainLog(outFolder, from);
    const initial = {
      step: 0,
      tokens: 0,
      seconds: 0,
      bestValidationNats: null,
      recentLosses: [],
      pending: null,
    };
    const batchShift = incident.action === 'reload' ? incident.batch + 1 - from : at.batchShift;
    this.state = { ...at, ...(good ?? initial), batchShift, incidents };
    const remedy = incident.action === 'skip' ? 'its update is left out' : 'later batches are taken instead';
    progress.note(
      `step ${incident.step + 1} (batch ${incident.batch}) ${anomaly.what}: back to the weights after step ${from}, ${remedy}`,
    );
  }

  /** Ends an interrupted run with what is needed to go on. */
  private async stop(): Promise<never> {
    const { steps, outFolder } = this.options;
    if (this.state.step > 0 && firstNonFinite(this.session) === undefined) await this.save();
    throw interrupted(this.savedStep, steps, outFolder);
  }

  private checkSignal(): void {
    const { signal, steps, outFolder } = this.options;
    if (signal.aborted) throw interrupted(this.savedStep, steps, outFolder);
  }

  private utilisationAt(tokensPerSecond: number): { mfu?: number } {
    const { utilisation } = this.options;
    if (utilisation === undefined) return {};
    return { mfu: (utilisation.flopPerToken * tokensPerSecond) / utilisation.peakFlopPerSecond };
  }

  private facts(line: TrainLogLine): Record<string, string> {
    const validation = this.validation.at(-1);
    return {
      step: `${line.step}/${this.options.steps}`,
      loss: line.loss.toFixed(3),
      ...(validation === undefined ? {} : { validation: validation.lossNats.toFixed(3) }),
      ...(line.mfu === undefined ? {} : { MFU: `${(100 * line.mfu).toFixed(1)} %` }),
      rate: line.learningRate.toExponential(2),
      ...(this.savedStep === undefined ? {} : { checkpoint: String(this.savedStep) }),
    };
  }
}

function tokensPerStep({ microBatch, sequenceLength, accumulate }: TrainingShape): number {
  return microBatch * sequenceLength * accumulate;
}
