import { expect, test } from 'vitest';
import { memoryOfRuns } from '../graph/cost.ts';
import { parseConfig } from '../model/config.ts';
import { parametersOf } from '../model/parameters.ts';
import { FETCH, traceTraining } from './training-program.ts';
import type { TrainingShape } from './training-program.ts';

/** Few tokens: beside gradients the activations are next to nothing. */
const SHAPE: Omit<TrainingShape, 'accumulate'> = {
  config: parseConfig(
    { model_type: 'gpt2', n_layer: 6, n_embd: 64, n_head: 2, vocab_size: 512, n_positions: 16 },
    'test',
  ),
  ...{ precision: 'float32', recompute: 'block', sequenceLength: 8, microBatch: 1 },
  optimizer: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 },
};

test('with several micro-batches gradients are held once, in the variables that sum them', () => {
  const update = [FETCH.update, FETCH.gradientNorm];
  const one = memoryOfRuns(traceTraining({ ...SHAPE, accumulate: 1 }), [update]);
  const several = memoryOfRuns(traceTraining({ ...SHAPE, accumulate: 3 }), [
    [FETCH.first],
    [FETCH.more],
    update,
  ]);
  const gradientBytes = parametersOf(SHAPE.config).reduce(
    (sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1),
    0,
  );
  expect(several.variableBytes - one.variableBytes).toBe(gradientBytes);
  // Beside the variables: all gradients, until their norm is known; or one after the other.
  expect(one.peakBytes).toBeGreaterThan(gradientBytes);
  expect(several.peakBytes).toBeLessThan(0.6 * gradientBytes);
});
