import type { Engine } from '../engine/load.ts';
import type { Progress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import type { TrainingPolicies } from './anomaly.ts';
import type { Incident } from './checkpoint-state.ts';
import type { ScheduleSettings } from './learning-rate.ts';
import type { TrainingShape } from './training-program.ts';
import type { Batch } from './training-session.ts';

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
