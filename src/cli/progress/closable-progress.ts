import type { Progress } from '../../progress.ts';

/** Progress of a whole command. */
export interface ClosableProgress extends Progress {
  /** Takes a bar that is still shown off the screen, so that an error can be printed on a line of its own. */
  close(): void;
}
