import { silentProgress } from '../../src/progress.ts';
import type { Progress } from '../../src/progress.ts';

/** Measures from outside how long weights are being read into the session. */
export class LoadingClock {
  seconds = 0;

  /** For the scorer: the step in which weights are loaded is timed. */
  readonly progress: Progress = {
    ...silentProgress,
    start: (label) => {
      const started = performance.now();
      return {
        advance: () => undefined,
        end: () => {
          if (label.startsWith('loading ')) this.seconds += (performance.now() - started) / 1000;
        },
      };
    },
  };
}
