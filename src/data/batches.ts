import { DataError } from './data-error.ts';
import { keyedPermutation } from './keyed-permutation.ts';

export interface BatchShape {
  /** T: tokens a row that the model reads; a window holds T + 1. */
  readonly sequenceLength: number;
  /** B: rows a micro-batch. */
  readonly microBatch: number;
  /** Micro-batches an optimizer step. */
  readonly accumulate: number;
}

export interface BatchPlanOptions extends BatchShape {
  /** Tokens in the file. */
  readonly tokens: number;
  readonly order: 'sequential' | 'shuffled';
  /** Any safe integer; only `shuffled` depends on it. */
  readonly seed: number;
}

/** Which part of a token file every row of every batch is: a pure function of its options. */
export interface BatchPlan extends BatchPlanOptions {
  /** floor((tokens - 1) / T) windows; window i is tokens[i*T .. i*T+T], ends included. */
  readonly windows: number;
  /** First token of the window that row `row` of micro-batch `micro` of optimizer step `step` (all from 0) sees. */
  windowStart(step: number, micro: number, row: number): number;
}

/** Windows of `sequenceLength` tokens, each with the one behind it, in a file of `tokens`. */
export function windowsOf(tokens: number, sequenceLength: number): number {
  return Math.floor((tokens - 1) / sequenceLength);
}

/**
 * `sequential` takes the windows in order, row after row and micro-batch after micro-batch, and starts again at the end.
 * `shuffled` does the same through a new permutation in every pass, so each pass sees every window once.
 * @throws DataError `batch-plan-invalid` for sizes below 1, or fewer tokens than one window.
 */
export function createBatchPlan(options: BatchPlanOptions): BatchPlan {
  requireShape(options);
  const { tokens, sequenceLength, microBatch, accumulate, order, seed } = options;
  const windows = windowsOf(tokens, sequenceLength);
  if (!(windows >= 1)) {
    throw new DataError(
      'batch-plan-invalid',
      `The token file holds ${String(tokens)} tokens, fewer than one window of sequenceLength + 1 = ${String(sequenceLength + 1)}. ` +
        'Prepare more tokens or lower train.sequenceLength.',
    );
  }
  // Passes come in order, so one permutation is kept; asking for an earlier pass only costs building it again.
  let pass = -1;
  let permute = (index: number): number => index;
  return {
    ...options,
    windows,
    windowStart(step, micro, row) {
      requireIndex('step', step, Infinity);
      requireIndex('micro-batch', micro, accumulate);
      requireIndex('row', row, microBatch);
      const taken = (step * accumulate + micro) * microBatch + row;
      const index = taken % windows;
      if (order === 'sequential') return index * sequenceLength;
      const itsPass = Math.floor(taken / windows);
      if (itsPass !== pass) {
        permute = keyedPermutation(windows, seed, itsPass);
        pass = itsPass;
      }
      return permute(index) * sequenceLength;
    },
  };
}

/** How long to train: one of three. */
export type TrainingLength = { readonly steps: number } | { readonly tokens: number } | { readonly epochs: number };

/**
 * Optimizer steps that see at least the tokens or passes asked for (rounded up, as LitGPT's `max_tokens` and the Trainer's epochs).
 * `windows` is needed for `epochs`: the windows of the training file.
 * @throws DataError `batch-plan-invalid`.
 */
export function stepsFor(length: TrainingLength, shape: BatchShape, windows: number): number {
  requireShape(shape);
  const windowsPerStep = shape.microBatch * shape.accumulate;
  if ('steps' in length) {
    requireWhole('train.steps', length.steps);
    return length.steps;
  }
  if ('tokens' in length) {
    requireAmount('train.tokens', length.tokens);
    return Math.ceil(length.tokens / (windowsPerStep * shape.sequenceLength));
  }
  requireAmount('train.epochs', length.epochs);
  requireWhole('the number of windows', windows);
  return Math.ceil((length.epochs * windows) / windowsPerStep);
}

function requireShape(shape: BatchShape): void {
  requireWhole('train.sequenceLength', shape.sequenceLength);
  requireWhole('train.microBatch', shape.microBatch);
  requireWhole('train.accumulate', shape.accumulate);
}

function requireWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new DataError('batch-plan-invalid', `${name} is ${String(value)}. Give a whole number of at least 1.`);
}

function requireAmount(name: string, value: number): void {
  if (Number.isFinite(value) && value > 0) return;
  throw new DataError('batch-plan-invalid', `${name} is ${String(value)}. Give a number above 0.`);
}

function requireIndex(name: string, value: number, end: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value < end) return;
  throw new RangeError(`${name} ${String(value)} is not a whole number in 0 … ${String(end - 1)}`);
}
