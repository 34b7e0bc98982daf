import type { EngineDevice } from '../engine/device.ts';
import type { UtilisationBasis } from '../train/train-options.ts';
import type { TrainingShape } from '../train/training-program.ts';
import { gpuRateOf } from './device-rates.ts';
import { TrainingCost } from './training-cost.ts';

/**
 * What the model FLOPs utilisation of a training is computed from, as in PaLM (Chowdhery et al., 2022, appendix B): the matrix
 * products of the graph without what recomputing adds, and the device's peak rate.
 * @returns undefined where the peak is not known: on GPUs that the table of `plan` lacks, and on CPUs
 */
export function utilisationBasis(shape: TrainingShape, device: EngineDevice): UtilisationBasis | undefined {
  const rate = device.kind === 'cuda' ? gpuRateOf(device.name) : undefined;
  if (rate === undefined) return undefined;
  const { sequenceLength, microBatch, accumulate, precision } = shape;
  const modelFlop = new TrainingCost({ ...shape, recompute: shape.recompute ?? 'none' }).modelFlop();
  return {
    flopPerToken: modelFlop / (sequenceLength * microBatch * accumulate),
    peakFlopPerSecond: rate[precision],
  };
}
