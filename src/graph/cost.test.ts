import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { PLAN_CASES } from '../../benchmarks/plan/cases.ts';
import { measureGrowth, predictStep } from '../../benchmarks/plan/step-memory.ts';
import { inRepository } from '../../test/support/repository.ts';
import type { Recompute } from '../model/decoder.ts';
import { parseConfig } from '../model/config.ts';
import { FETCH, traceTraining } from '../train/training-program.ts';
import type { TrainingShape } from '../train/training-program.ts';
import { costOf, workOfRun } from './cost.ts';
import { stripBounds } from './fused/mask-strips.ts';
import { matMul } from './ops.ts';
import { trace } from './program.ts';

const optimizer = { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 } as const;
const UPDATE = [FETCH.update, FETCH.gradientNorm];
const MEGABYTE = 1e6;

test('a product costs 2·M·N·K, and what is not fetched costs nothing', () => {
  const program = trace((t) => {
    const x = t.placeholder('x', [300, 400], 'float32');
    t.fetch('y', matMul(x, t.placeholder('w', [400, 500], 'float32')));
    t.fetch('z', matMul(x, x, { transposeB: true }));
  });
  expect(workOfRun(program, ['y']).flop).toEqual({ MatMul: 2 * 300 * 400 * 500 });
  expect(workOfRun(program, ['z']).totalFlop).toBe(2 * 300 * 300 * 400);
});

test('a value is freed after its last use, and written over by an elementwise operation', () => {
  const program = trace((t) => {
    let x = tf.square(t.placeholder('x', [1000, 1000], 'float32'));
    for (let i = 0; i < 5; i++) x = tf.exp(x);
    t.fetch('over', x);
    t.fetch('product', matMul(matMul(x, x), x));
  });
  expect(costOf(program, ['over']).peakBytes).toBe(4 * MEGABYTE);
  expect(costOf(program, ['product']).peakBytes).toBe(12 * MEGABYTE);
});

test('a variable that is updated while its old value is still to be read is held twice', () => {
  const build = (early: boolean) =>
    trace((t) => {
      const w = t.variable('w', [1000, 1000]);
      const product = matMul(w.value, w.value);
      const given = early ? t.placeholder('d', [1000, 1000], 'float32') : product;
      t.fetch('done', tf.sum(product), [t.effect('AssignSubVariableOp', [w, given])]);
    });
  const [early, late] = [true, false].map((when) => costOf(build(when), ['done'], { workers: 2 }));
  expect(late!.peakBytes).toBeLessThan(4.1 * MEGABYTE);
  expect(early!.peakBytes).toBeGreaterThan(7.9 * MEGABYTE);
});

describe('bfloat16', () => {
  const config = parseConfig(
    {
      model_type: 'llama',
      hidden_size: 32,
      intermediate_size: 64,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      vocab_size: 96,
    },
    'test',
  );
  test.each(['none', 'attention', 'block'] as const)(
    'every matrix product of a training step takes bfloat16 operands (recompute %s)',
    (recompute) => {
      const size = { sequenceLength: 16, microBatch: 2, accumulate: 2 };
      const { graph } = traceTraining({ config, ...size, optimizer, precision: 'bfloat16', recompute });
      const products = graph.nodes.filter(({ op }) => op.includes('MatMul'));
      expect(products.length).toBeGreaterThan(40);
      expect(
        products.filter(({ attributes }) => JSON.stringify(attributes['T']) !== '{"kind":"type","value":14}'),
      ).toEqual([]);
    },
  );
});

interface FlopFixture {
  readonly [name: string]: {
    readonly config: Readonly<Record<string, unknown>>;
    readonly batch: number;
    readonly length: number;
    readonly recompute: Recompute;
    readonly trainFlop: number;
  };
}

const flopFixture = JSON.parse(
  await readFile(inRepository('test/fixtures/models/flops.json'), 'utf8'),
) as FlopFixture;

test.each(Object.entries(flopFixture))(
  "FLOP of a training step of %s are PyTorch's count, less what no query sees",
  (_, expected) => {
    const { batch: microBatch, length: sequenceLength, config, recompute } = expected;
    const shape = {
      config: parseConfig(config, 'flops.json'),
      microBatch,
      sequenceLength,
      accumulate: 1,
      optimizer,
      recompute,
    };
    const { totalFlop } = workOfRun(traceTraining({ ...shape, precision: 'float32' }), UPDATE);
    expect(totalFlop).toBe(expected.trainFlop - flopBehindStrips(shape));
  },
);

/** What causal strips leave out of the T × T products of attention, which PyTorch's counter counts whole. */
function flopBehindStrips({
  config,
  microBatch,
  sequenceLength,
  recompute,
}: Pick<TrainingShape, 'config' | 'microBatch' | 'sequenceLength' | 'recompute'>): number {
  const bounds = stripBounds(sequenceLength);
  const computed = bounds.slice(1).reduce((sum, end, i) => sum + (end - bounds[i]!) * end, 0);
  // Q·Kᵀ and P·V, and the two products of each one's gradient.
  const products = 6 + { none: 0, attention: 1, block: 2 }[recompute ?? 'none'];
  const { layers, heads, headSize } = config;
  return layers * products * 2 * microBatch * heads * headSize * (sequenceLength ** 2 - computed);
}

test.each(['none', 'block'] as const)(
  'predicted peak memory of a training step is within 15 % of what its process grows by (recompute %s)',
  async (recompute) => {
    const { shape } = PLAN_CASES[1]!;
    const predicted = predictStep({ ...shape, recompute });
    expect(Math.abs(predicted / (await measureGrowth({ ...shape, recompute })) - 1)).toBeLessThan(0.15);
  },
);
