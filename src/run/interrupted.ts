import { EXIT, InherituneError } from '../errors.ts';

/** Stopped by a signal at a point from which the same command goes on. */
export class InterruptedError extends InherituneError {
  constructor(what: string) {
    super(
      'interrupted',
      `Interrupted while ${what}. Run the same command again: finished stages are reused.`,
      { exitCode: EXIT.interrupted },
    );
  }
}
