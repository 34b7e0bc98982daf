import type { Anomaly, TrainingPolicies } from './anomaly.ts';
import { brokenWeights, judgeStep, remedyFor } from './anomaly.ts';
import type { CheckpointState } from './checkpoint-state.ts';
import { removeFinished, writeFinished } from './finished-run.ts';
import { abortable, interrupted, turnOfEvents } from './interruption.ts';
import { learningRateAt } from './learning-rate.ts';
import { RunCheckpoints } from './run-checkpoints.ts';
import { RunValidation } from './run-validation.ts';
import { writeTrainedModel } from './write-trained-model.ts';
import { appendTrainLog, rewindTrainLog } from './train-log.ts';
import type { TrainLogLine } from './train-log.ts';
import type { TrainOptions, TrainOutcome } from './train-options.ts';
import type { TrainingShape } from './training-program.ts';
import type { TrainingSession } from './training-session.ts';

/** Before the first step. */
const UNTRAINED = {
  ...{ step: 0, tokens: 0, seconds: 0 },
  ...{ bestValidationNats: null, recentLosses: [], pending: null },
} satisfies Partial<CheckpointState>;

/** One training run in memory: `state` always says what the session's weights are. */
export class TrainingRun {
  private readonly session: TrainingSession;
  private readonly options: TrainOptions;
  private readonly policies: TrainingPolicies;
  private readonly checkpoints: RunCheckpoints;
  private readonly validation: RunValidation;
  private state!: CheckpointState;

  constructor(session: TrainingSession, options: TrainOptions) {
    this.session = session;
    this.options = options;
    this.policies = options.policies ?? { onNonFinite: 'stop' };
    this.checkpoints = new RunCheckpoints(session, options);
    this.validation = new RunValidation(session, options);
  }

  /** Of the newest whole checkpoint on disk. */
  get savedStep(): number | undefined {
    return this.checkpoints.savedStep;
  }

  async toEnd(): Promise<TrainOutcome> {
    const { steps, outFolder, progress, shape } = this.options;
    await removeFinished(outFolder);
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
      await this.stopIfAsked();
      const { checkpointEvery } = this.options;
      const due =
        this.state.step === steps || (checkpointEvery > 0 && this.state.step % checkpointEvery === 0);
      if (due && this.state.step > before.step) await this.saveOrRecover(before);
      await this.stopIfAsked();
    }
    bar.end();
    await writeTrainedModel(this.session, this.options.start, outFolder, progress, () => this.checkSignal());
    const { tokens, seconds, incidents } = this.state;
    const outcome = { steps, tokens, seconds, resumedFrom, validation: this.validation.losses, incidents };
    await writeFinished(this.options, outcome);
    await this.checkpoints.remove();
    return outcome;
  }

  private async startingState(): Promise<CheckpointState> {
    const { runHash, progress, resume, seed } = this.options;
    const loaded = resume ? await this.checkpoints.load() : undefined;
    if (loaded !== undefined) {
      progress.note(`resumed from the checkpoint after step ${loaded.step}`);
      return loaded;
    }
    await this.checkpoints.setAside();
    await this.validation.removeBest();
    await this.loadStart();
    return { ...UNTRAINED, runHash, seed, batchShift: 0, incidents: [] };
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
      await this.stopIfAsked();
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
    const validationLoss = await this.validation.lossAfter(pending.step, () => this.stopIfAsked());
    const line = validationLoss === undefined ? pending : { ...pending, validationLoss };
    await appendTrainLog(this.options.outFolder, line);
    this.state = { ...this.state, pending: null };
    if (validationLoss !== undefined) {
      const { bestValidationNats: best } = this.state;
      const lowest = await this.validation.note(pending.step, validationLoss, best);
      this.state = { ...this.state, bestValidationNats: lowest };
    }
    return line;
  }

  /** A checkpoint; weights that are not finite go the way of a bad step. */
  private async saveOrRecover(before: CheckpointState): Promise<void> {
    const broken = await this.checkpoints.save(this.state);
    if (broken !== undefined) await this.recover(brokenWeights(broken, this.policies), before);
  }

  /** Goes back to the last good weights, and remembers what to leave out. */
  private async recover(anomaly: Anomaly, at: CheckpointState): Promise<void> {
    const { outFolder, progress } = this.options;
    const incident = remedyFor(anomaly, at);
    const incidents = [...at.incidents, incident];
    const good = await this.checkpoints.load();
    if (good === undefined) await this.loadStart();
    const from = good?.step ?? 0;
    await rewindTrainLog(outFolder, from);
    const batchShift = incident.action === 'reload' ? incident.batch + 1 - from : at.batchShift;
    this.state = { ...at, ...(good ?? UNTRAINED), batchShift, incidents };
    const remedy = incident.action === 'skip' ? 'its update is left out' : 'later batches are taken instead';
    progress.note(
      `step ${incident.step + 1} (batch ${incident.batch}) ${anomaly.what}: back to the weights after step ${from}, ${remedy}`,
    );
  }

  /** Ends the run, where it was asked to stop, with what is needed to go on. */
  private async stopIfAsked(): Promise<void> {
    const { steps, outFolder, signal } = this.options;
    if (!signal.aborted) return;
    if (this.state.step > 0) await this.checkpoints.save(this.state);
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
    const validation = this.validation.losses.at(-1);
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
