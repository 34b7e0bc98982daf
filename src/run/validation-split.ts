import { createBatchPlan } from '../data/batches.ts';
import { readBatch } from '../data/batch-reader.ts';
import { openTokenFile } from '../data/token-file.ts';

/** Held-out tokens as windows, always the same ones in the same order. */
export interface ValidationSplit {
  readonly sequenceLength: number;
  /** Windows. */
  readonly count: number;
  readonly windows: () => AsyncIterable<{ readonly inputs: Int32Array; readonly targets: Int32Array }>;
}

/**
 * The windows of a token file in order, of `rows` sequences each.
 * @param limit tokens to use; all where not given
 */
export async function openValidationSplit(
  path: string,
  options: { vocabularySize: number; sequenceLength: number; rows?: number; limit?: number | undefined },
): Promise<ValidationSplit & { close: () => Promise<void> }> {
  const { vocabularySize, sequenceLength, rows = 1, limit = Infinity } = options;
  const file = await openTokenFile(path, { vocabularySize });
  const plan = createBatchPlan({
    ...{ tokens: file.tokens, sequenceLength, microBatch: rows, accumulate: 1 },
    ...{ order: 'sequential', seed: 0 },
  });
  const wanted = Math.min(plan.windows, Math.max(1, Math.floor(limit / sequenceLength)));
  // Whole batches only: a window that wrapped round would count twice.
  const count = Math.max(1, Math.floor(wanted / rows));
  return {
    sequenceLength,
    count,
    async *windows() {
      for (let step = 0; step < count; step++) yield await readBatch(file, plan, step, 0);
    },
    close: () => file.close(),
  };
}
