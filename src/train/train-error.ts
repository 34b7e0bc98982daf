import { InherituneError } from '../errors.ts';
import type { ExitCode } from '../errors.ts';

export type TrainErrorCode =
  | 'input'
  | 'nonFinite'
  | 'spike'
  | 'checkpoint'
  /** The checkpoint in the folder belongs to a run with other data or settings. */
  | 'foreignCheckpoint'
  | 'diskFull'
  | 'outOfMemory'
  | 'interrupted';

/** A training run that cannot start or go on. */
export class TrainError extends InherituneError {
  declare readonly code: TrainErrorCode;

  constructor(code: TrainErrorCode, message: string, options: { exitCode?: ExitCode; cause?: unknown } = {}) {
    super(code, message, options);
  }
}
