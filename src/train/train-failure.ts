import { costOf } from '../graph/cost.ts';
import { GraphError } from '../graph/graph-error.ts';
import { EXIT } from '../errors.ts';
import { parameterCount } from '../model/parameters.ts';
import { TrainError } from './train-error.ts';
import { FETCH, traceTraining } from './training-program.ts';
import type { TrainingShape } from './training-program.ts';

/** The codes with which systems say that nothing more can be written. */
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** A failure of the outside world as a named outcome; other errors come back unchanged. */
export function namedFailure(
  cause: unknown,
  { shape, outFolder, savedStep }: { shape: TrainingShape; outFolder: string; savedStep: number | undefined },
): unknown {
  if (cause instanceof TrainError) return cause;
  const kept =
    savedStep === undefined
      ? 'There was no checkpoint yet'
      : `The checkpoint after step ${savedStep} is whole`;
  if (isDiskFull(cause)) {
    return new TrainError(
      'diskFull',
      `${outFolder}: the disk is full, training stopped. ${kept}: free space and run the same command with --resume.`,
      { exitCode: EXIT.failed, cause },
    );
  }
  if (cause instanceof GraphError && cause.code === 'outOfMemory') {
    return new TrainError(
      'outOfMemory',
      `The device ran out of memory: ${memoryText(shape)}. ${kept}. ${advice(shape)} \`inheritune plan\` shows what fits which device.`,
      { exitCode: EXIT.failed, cause },
    );
  }
  return cause;
}

function isDiskFull(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 8) return false;
  return (
    ('code' in error && FULL.has(error.code)) || ('cause' in error && isDiskFull(error.cause, depth + 1))
  );
}

/** As `plan` counts it. */
function memoryText(shape: TrainingShape): string {
  const variables = parameterCount(shape.config) * 4 * (shape.accumulate > 1 ? 4 : 3);
  const activations = costOf(traceTraining(shape), [FETCH.update, FETCH.gradientNorm]).peakBytes;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  return `weights, gradients and moments take ${gigabytes(variables)} and a micro-batch of ${shape.microBatch} x ${shape.sequenceLength} tokens up to ${gigabytes(activations)}`;
}

/** In the order in which `plan` tries changes: those that give the same numbers, the least costly first. */
function advice({ microBatch, accumulate, recompute }: TrainingShape): string {
  const again = recompute === 'block' ? '' : 'train.recompute to block (the same numbers, more arithmetic)';
  if (microBatch === 1) {
    return again === ''
      ? 'Lower train.sequenceLength, or inherit fewer blocks.'
      : `Set ${again}, lower train.sequenceLength, or inherit fewer blocks.`;
  }
  const half = Math.floor(microBatch / 2);
  const smaller = `train.microBatch to ${half} and train.accumulate to ${Math.ceil((accumulate * microBatch) / half)} (the same batch in smaller pieces)`;
  return `Set ${again === '' ? '' : `${again}, or `}${smaller}.`;
}
