import type { EngineDevice } from '../engine/device.ts';
import type { DoctorReport } from '../engine/doctor-report.ts';
import type { Device } from './inputs.ts';

/** What was seen of the machine. */
export interface MachineFacts {
  readonly doctor: DoctorReport;
  readonly gpus: readonly EngineDevice[];
  readonly freeDiskBytes: number;
  readonly freeMemoryBytes: number;
}

/** What the work needs of it; the sizes are undefined where nothing is trained. */
export interface MachineNeeds {
  readonly device: Device;
  readonly parameters: number | undefined;
  /** Weights, gradients, moments and the values of a micro-batch. */
  readonly trainingBytes: number | undefined;
  readonly keepCheckpoints: number;
  /** Whether the model with the lowest validation loss is kept beside the last one. */
  readonly keepsBest: boolean;
}

export interface MachineVerdict {
  /** Why this machine cannot do the work; empty where it can. */
  readonly reasons: readonly string[];
  /** What may go wrong. */
  readonly warnings: readonly string[];
}

/** The inherited and the trained model in float32. */
const MODEL_BYTES = 2 * 4;
/** A checkpoint: weights and both moments in float32. */
const CHECKPOINT_BYTES = 3 * 4;
/** In float32; while a better one is written the one before is still there. */
const BEST_MODEL_BYTES = 2 * 4;

/**
 * Whether the machine fits the work; pure. Only what cannot end well is a reason: a wrong computation, a missing GPU, too little
 * disk or GPU memory. The memory of the machine itself is a warning, as systems can swap.
 */
export function judgeMachine(facts: MachineFacts, needs: MachineNeeds): MachineVerdict {
  const { doctor, gpus, freeDiskBytes, freeMemoryBytes } = facts;
  const usesGpu = needs.device === 'cuda' || (needs.device === 'auto' && gpus.length > 0);
  const reasons: string[] = [];
  const warnings: string[] = [];
  for (const { name, state, found, advice } of doctor.checks) {
    // A GPU with an old driver is no obstacle to a run on the CPU.
    if (state === 'ok' || (name === 'gpu' && needs.device === 'cpu')) continue;
    const text = `${name}: ${found}${advice === undefined ? '' : ` (${advice})`}`;
    (state === 'fail' ? reasons : warnings).push(text);
  }
  if (needs.device === 'cuda' && gpus.length === 0)
    reasons.push('gpu: device is cuda and nvidia-smi lists no GPU');

  const { trainingBytes, parameters } = needs;
  const gpuBytes = Math.max(0, ...gpus.map(({ memoryBytes }) => memoryBytes ?? 0));
  if (trainingBytes !== undefined) {
    if (usesGpu && gpuBytes > 0 && trainingBytes > gpuBytes)
      reasons.push(
        `gpu memory: the plan needs ${gigabytes(trainingBytes)} and the largest GPU has ${gigabytes(gpuBytes)}`,
      );
    if (!usesGpu && trainingBytes > freeMemoryBytes)
      warnings.push(
        `memory: the plan needs ${gigabytes(trainingBytes)} and ${gigabytes(freeMemoryBytes)} are free`,
      );
  }
  if (parameters !== undefined) {
    // One more checkpoint than are kept: the oldest goes after the newest is whole.
    const best = needs.keepsBest ? BEST_MODEL_BYTES : 0;
    const diskBytes = parameters * (MODEL_BYTES + best + CHECKPOINT_BYTES * (needs.keepCheckpoints + 1));
    if (diskBytes > freeDiskBytes)
      reasons.push(
        `disk: model and checkpoints need ${gigabytes(diskBytes)} and ${gigabytes(freeDiskBytes)} are free`,
      );
  }
  return { reasons, warnings };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
