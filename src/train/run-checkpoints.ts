import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkpointSteps, loadTrainingCheckpoint, saveTrainingCheckpoint } from './checkpoint-folder.ts';
import type { CheckpointState } from './checkpoint-state.ts';
import { TrainError } from './train-error.ts';
import { syncTrainLog } from './train-log.ts';
import type { TrainOptions } from './train-options.ts';
import type { TrainingSession } from './training-session.ts';

const CHECKPOINTS = 'checkpoints';
/** Checkpoints of an earlier run in the same folder, kept until this one has its own. */
const PREVIOUS = 'checkpoints.previous';

/** The checkpoints of one run. */
export class RunCheckpoints {
  /** The newest whole one on disk that this run has written or loaded. */
  savedStep: number | undefined;
  private readonly session: TrainingSession;
  private readonly options: TrainOptions;
  private readonly folder: string;

  constructor(session: TrainingSession, options: TrainOptions) {
    this.session = session;
    this.options = options;
    this.folder = join(options.outFolder, CHECKPOINTS);
  }

  /** Loads the newest whole one into the session; undefined where there is none, or none of this run and the run may start over. */
  async load(): Promise<CheckpointState | undefined> {
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

  /** Moves what an earlier run left out of the way. */
  async setAside(): Promise<void> {
    if ((await checkpointSteps(this.folder)).length === 0) return;
    const { outFolder, progress } = this.options;
    progress.note(
      `training starts over; the earlier checkpoints in ${outFolder} are kept in ${PREVIOUS} until the first new one`,
    );
    const previous = join(outFolder, PREVIOUS);
    await rm(previous, { recursive: true, force: true });
    await rename(this.folder, previous);
  }

  /**
   * Writes the session's weights and moments with `state`, unless that step is on disk already.
   * @returns the first tensor with a value that is not finite, in which case nothing is kept of it
   */
  async save(state: CheckpointState): Promise<string | undefined> {
    if (this.savedStep === state.step) return undefined;
    const { keepCheckpoints, outFolder } = this.options;
    await syncTrainLog(outFolder);
    const broken = await saveTrainingCheckpoint(this.folder, this.session, state, keepCheckpoints);
    if (broken !== undefined) return broken;
    this.savedStep = state.step;
    await rm(join(outFolder, PREVIOUS), { recursive: true, force: true });
    return undefined;
  }

  /** Once the trained model is written. */
  async remove(): Promise<void> {
    await removeCheckpoints(this.options.outFolder);
  }
}

/** All checkpoints of a run whose trained model is written, and those of an earlier run. */
export async function removeCheckpoints(outFolder: string): Promise<void> {
  for (const folder of [CHECKPOINTS, PREVIOUS])
    await rm(join(outFolder, folder), { recursive: true, force: true });
}
