import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createBatchPlan, stepsFor } from './batches.ts';

import type { BatchPlan } from './batches.ts';

const shape = { sequenceLength: 4, microBatch: 2, accumulate: 3 };

function starts(plan: BatchPlan, steps: number): number[] {
  const seen: number[] = [];
  for (let step = 0; step < steps; step += 1) {
    for (let micro = 0; micro < plan.accumulate; micro += 1) {
      for (let row = 0; row < plan.microBatch; row += 1) seen.push(plan.windowStart(step, micro, row));
    }
  }
  return seen;
}

describe('sequential', () => {
  it('takes windows in order, micro-batch after micro-batch, and wraps', () => {
    const plan = createBatchPlan({ ...shape, tokens: 5 * 4 + 1, order: 'sequential', seed: 0 });
    expect(plan.windows).toBe(5);
    expect(starts(plan, 2)).toEqual([0, 4, 8, 12, 16, 0, 4, 8, 12, 16, 0, 4]);
  });

  it('needs one token more than the inputs for the last target', () => {
    expect(createBatchPlan({ ...shape, tokens: 20, order: 'sequential', seed: 0 }).windows).toBe(4);
    expect(createBatchPlan({ ...shape, tokens: 5, order: 'sequential', seed: 0 }).windows).toBe(1);
    expect(() => createBatchPlan({ ...shape, tokens: 4, order: 'sequential', seed: 0 })).toThrow(
      /holds 4 tokens, fewer than one window of sequenceLength \+ 1 = 5/,
    );
  });
});

describe('shuffled', () => {
  it('sees every window once a pass, in another order each pass', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer(), (windows, seed) => {
        const plan = createBatchPlan({
          sequenceLength: 4,
          microBatch: 1,
          accumulate: 1,
          tokens: windows * 4 + 1,
          order: 'shuffled',
          seed,
        });
        const expected = Array.from({ length: windows }, (_, i) => i * 4);
        const seen = starts(plan, 2 * windows);
        for (const pass of [seen.slice(0, windows), seen.slice(windows)]) {
          expect(pass.sort((a, b) => a - b)).toEqual(expected);
        }
      }),
    );
    const plan = createBatchPlan({ ...shape, tokens: 4 * 60 + 1, order: 'shuffled', seed: 1 });
    const seen = starts(plan, 20);
    expect(seen.slice(0, 60)).not.toEqual(seen.slice(60));
  });

  it('is a function of seed and step alone, whatever was asked before', () => {
    const options = { ...shape, tokens: 400, order: 'shuffled', seed: 12 } as const;
    const inOrder = starts(createBatchPlan(options), 40);
    const resumed = createBatchPlan(options);
    expect(resumed.windowStart(39, 2, 1)).toBe(inOrder.at(-1));
    expect(resumed.windowStart(0, 0, 0)).toBe(inOrder[0]);
    expect(starts(createBatchPlan({ ...options, seed: 13 }), 40)).not.toEqual(inOrder);
  });

  it('gives the same windows whether a step is cut in micro-batches or rows', () => {
    const options = { sequenceLength: 4, tokens: 400, order: 'shuffled', seed: 5 } as const;
    const rows = createBatchPlan({ ...options, microBatch: 6, accumulate: 1 });
    const micros = createBatchPlan({ ...options, microBatch: 1, accumulate: 6 });
    expect(starts(rows, 10)).toEqual(starts(micros, 10));
  });
});

describe('stepsFor', () => {
  it.each([
    [{ steps: 7 }, 7],
    [{ tokens: 24 }, 1],
    [{ tokens: 25 }, 2],
    [{ tokens: 1e9 }, 41_666_667],
    [{ epochs: 1 }, 17],
    [{ epochs: 8 }, 134],
    [{ epochs: 0.5 }, 9],
  ])('%j is %d steps of 6 windows of 4 tokens, in 100 windows', (length, steps) => {
    expect(stepsFor(length, shape, 100)).toBe(steps);
  });

  it.each([[{ steps: 0 }], [{ steps: 1.5 }], [{ tokens: 0 }], [{ epochs: Number.NaN }]])('refuses %j', (length) => {
    expect(() => stepsFor(length, shape, 100)).toThrow(/^train\.(steps|tokens|epochs) is /);
  });
});
