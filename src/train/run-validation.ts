import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { turnOfEvents } from './interruption.ts';
import { writeTrainedModel } from './write-trained-model.ts';
import type { TrainOptions, TrainOutcome } from './train-options.ts';
import type { TrainingSession } from './training-session.ts';

const BEST_MODEL = 'best';

/** The validation losses of a run, and the model with the lowest of them. */
export class RunValidation {
  /** Computed by this process, in order. */
  readonly losses: TrainOutcome['validation'][number][] = [];
  private readonly session: TrainingSession;
  private readonly options: TrainOptions;

  constructor(session: TrainingSession, options: TrainOptions) {
    this.session = session;
    this.options = options;
  }

  /**
   * Mean loss over the validation batches after steps that ask for it, and after the last; else undefined.
   * @param beforeBatch may throw
   */
  async lossAfter(step: number, beforeBatch: () => Promise<void>): Promise<number | undefined> {
    const { validation, steps } = this.options;
    if (validation === undefined) return undefined;
    const due = step === steps || (validation.everySteps > 0 && step % validation.everySteps === 0);
    if (!due) return undefined;
    let sum = 0;
    let count = 0;
    for await (const batch of validation.batches()) {
      await turnOfEvents();
      await beforeBatch();
      sum += this.session.loss(batch);
      count++;
    }
    return count === 0 ? undefined : sum / count;
  }

  /** Notes a loss, and writes the model where it is lower than `best`. Gives the lowest. */
  async note(step: number, lossNats: number, best: number | null): Promise<number | null> {
    this.losses.push({ step, lossNats });
    if (!Number.isFinite(lossNats) || (best !== null && lossNats >= best)) return best;
    const { keepBest, validation, outFolder, start, progress } = this.options;
    if (keepBest === true && validation !== undefined && validation.everySteps > 0)
      await writeTrainedModel(this.session, start, join(outFolder, BEST_MODEL), progress, () => undefined);
    return lossNats;
  }

  /** What an earlier run left. */
  async removeBest(): Promise<void> {
    await rm(join(this.options.outFolder, BEST_MODEL), { recursive: true, force: true });
  }
}
