import { EvaluateError } from './evaluate-error.ts';
import { memoryOfRuns } from '../graph/cost.ts';
import { GraphError } from '../graph/graph-error.ts';
import type { Program } from '../graph/program.ts';
import type { PackingLimits } from './pack-rows.ts';

/**
 * What a process on a CPU grows by beside its tensors: the buffers through which weights are read (32 MB each), scores and
 * results. 10 to 25 MB were measured with SmolLM2-135M.
 */
const GROWTH_BYTES = 64e6;

/** Below this, a row holds one request whatever the limit is. */
const SHORTEST_ROW_TOKENS = 16;

/**
 * Bytes that a session holds at most while it runs the given fetches one after the other, weights included: on a CPU with
 * what the process holds already, on a GPU of the device's memory, without CUDA's own.
 */
export function peakBytes(
  program: Program,
  runs: readonly (readonly string[])[],
  { device, processBytes }: { readonly device: 'cpu' | 'cuda'; readonly processBytes: number },
): number {
  const memory = memoryOfRuns(program, runs, { device: device === 'cpu' ? 'cpu' : 'gpu' });
  const tensors = memory.poolBytes + memory.constantBytes;
  return device === 'cpu' ? tensors + memory.processBytes + processBytes + GROWTH_BYTES : tensors;
}

/** Limits for rows half as long; undefined where rows cannot become shorter. */
export function halved({ rowTokens, maxRowTokens }: PackingLimits): PackingLimits | undefined {
  const half = (tokens: number): number => Math.floor(tokens / 2);
  if (half(maxRowTokens) < SHORTEST_ROW_TOKENS) return undefined;
  return { rowTokens: Math.max(half(rowTokens), SHORTEST_ROW_TOKENS), maxRowTokens: half(maxRowTokens) };
}

export function isOutOfMemory(error: unknown): boolean {
  return error instanceof GraphError && error.code === 'outOfMemory';
}

/** For rows that cannot become shorter. */
export function boundTooLow(maxBytes: number, neededBytes: number, longestTokens: number): EvaluateError {
  return new EvaluateError(
    'bad-option',
    `The memory bound (--max-memory) is ${gigabytes(maxBytes)}, and about ${gigabytes(neededBytes)} are needed for the model with ` +
      `its longest prompt (${longestTokens.toLocaleString('en')} tokens) alone. Give more, or leave out the task that it belongs to.`,
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
