import type { Engine } from '../../src/engine/load.ts';
import type { NativeBinding } from '../../src/engine/native-binding.ts';
import type { Progress } from '../../src/progress.ts';
import { silentProgress } from '../../src/progress.ts';

/** Loading a graph for scoring a batch of requests: what of the time is not scoring. */
export interface Preparation {
  /** Reading weights into the session. */
  readonly loadSeconds: number;
  /** Planning, tracing and loading the graph, and what the first run of each size takes longer than later ones. */
  readonly compileSeconds: number;
  /** Sizes that were run. */
  readonly shapes: number;
}

/** Watches an engine from outside: TensorFlow prepares a graph inside its first run. */
export class EngineMeter {
  private asked = 0;
  private loading = 0;
  private loadGraphSeconds = 0;
  /** Seconds of each run, by the outputs asked for. */
  private readonly runs = new Map<string, number[]>();

  /** For the scorer: the steps in which weights are loaded are counted. */
  readonly progress: Progress = {
    ...silentProgress,
    start: (label) => {
      const started = performance.now();
      return {
        advance: () => undefined,
        end: () => {
          if (label.startsWith('loading ')) this.loading += (performance.now() - started) / 1000;
        },
      };
    },
  };

  /** The engine as the scorer gets it; the clock of the preparation starts here. */
  watch(engine: Engine): Engine {
    this.asked = performance.now();
    const native = engine.binding;
    const watched: Partial<NativeBinding> = {
      loadSavedModel: (...args: Parameters<NativeBinding['loadSavedModel']>) => {
        const id = native.loadSavedModel(...args);
        this.loadGraphSeconds += (performance.now() - this.asked) / 1000;
        return id;
      },
      runSavedModel: (...args: Parameters<NativeBinding['runSavedModel']>) => {
        const started = performance.now();
        const result = native.runSavedModel(...args);
        this.add(args, (performance.now() - started) / 1000);
        return result;
      },
    };
    // The addon's properties cannot be written to, so the watching ones are defined in front of them.
    const binding = Object.create(native, Object.getOwnPropertyDescriptors(watched)) as NativeBinding;
    return { ...engine, binding };
  }

  read(): Preparation {
    const scoring = [...this.runs].filter(([key]) => !key.startsWith('variable_'));
    const first = scoring.reduce((sum, [, seconds]) => sum + beyondLater(seconds), 0);
    return {
      loadSeconds: this.loading,
      compileSeconds: this.loadGraphSeconds + first,
      shapes: scoring.length,
    };
  }

  private add([, , , outputs]: Parameters<NativeBinding['runSavedModel']>, seconds: number): void {
    this.runs.set(outputs, [...(this.runs.get(outputs) ?? []), seconds]);
  }
}

/** How much longer the first run took than the median of the others; all of it where there is no other. */
function beyondLater([first = 0, ...later]: readonly number[]): number {
  const sorted = [...later].sort((a, b) => a - b);
  return Math.max(0, first - (sorted[sorted.length >> 1] ?? 0));
}
