import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { expectedTraining, modelFixture, openFixture } from '../../test/support/model-fixtures.ts';
import { testEngine } from '../../test/support/test-engine.ts';
import type { Engine } from '../engine/load.ts';
import { parseConfig } from '../model/config.ts';
import { parametersOf } from '../model/parameters.ts';
import { silentProgress } from '../progress.ts';
import { learningRateAt } from './learning-rate.ts';
import type { TrainingShape } from './training-program.ts';
import { TrainingSession } from './training-session.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await testEngine();
});

type Variant = Partial<Pick<TrainingShape, 'recompute' | 'lossChunk'>> & { readonly inOneBatch?: boolean };

test.each([
  ['llama-tied', {}],
  ['llama-untied', {}],
  ['gpt2-tied', {}],
  ['gpt2-inverse', {}],
  ['llama-tied', { recompute: 'block', lossChunk: 8 }],
  ['gpt2-inverse', { recompute: 'block', lossChunk: 5 }],
  ['llama-untied', { recompute: 'attention', lossChunk: 32 }],
  ['llama-untied', { inOneBatch: true }],
  ['llama-tied', { inOneBatch: true }],
] as readonly [string, Variant][])(
  '%s %j: 40 steps of AdamW with accumulation, clipping and cosine give the losses and gradient norms of PyTorch',
  async (name, { inOneBatch = false, ...variant }) => {
    const expected = await expectedTraining(name);
    const { sequenceLength, steps, optimizer } = expected.train;
    const accumulate = inOneBatch ? 1 : expected.train.accumulate;
    const microBatch = (expected.train.microBatch * expected.train.accumulate) / accumulate;
    const checkpoint = await openFixture(name);
    const config = parseConfig(checkpoint.config, name);
    const session = await TrainingSession.open(engine, {
      ...{ config, sequenceLength, microBatch, accumulate, optimizer },
      precision: 'float32',
      ...variant,
    });
    await session.start(checkpoint, silentProgress);
    await checkpoint.close();
    const tokens = await fixtureTokens();
    const windows = Math.floor((tokens.length - 1) / sequenceLength);
    for (let step = 0; step < steps; step++) {
      const rate = learningRateAt(step, steps, optimizer);
      const result = await session.step(step, rate, (micro) => {
        const first = (step * accumulate + micro) * microBatch;
        const starts = Array.from(
          { length: microBatch },
          (_, row) => ((first + row) % windows) * sequenceLength,
        );
        const slices = (shift: number): Int32Array =>
          Int32Array.from(
            starts.flatMap((at) => [...tokens.subarray(at + shift, at + shift + sequenceLength)]),
          );
        return Promise.resolve({ inputs: slices(0), targets: slices(1) });
      });
      const reference = expected.steps[step]!;
      expect(rate).toBeCloseTo(reference.learningRate, 10);
      expect(Math.abs(result.lossNats - reference.loss), `loss of step ${step}`).toBeLessThan(2e-5);
      expect(Math.abs(result.gradientNorm / reference.gradNorm - 1), `norm of step ${step}`).toBeLessThan(
        1e-3,
      );
    }
    for (const { name: parameter } of parametersOf(config)) {
      const values = session.read(parameter);
      const sumOfSquares = withoutKeyBias(parameter, values).reduce((sum, value) => sum + value * value, 0);
      const reference = expected.final.tensors[parameter]!;
      expect(sumOfSquares / reference.sumOfSquares, parameter).toBeCloseTo(1, 4);
    }
    session.close();
  },
);

/** A key bias shifts all scores of a query alike: its gradient is rounding, which Adam makes as large as any other. */
function withoutKeyBias(parameter: string, values: Float32Array): Float32Array {
  if (!parameter.endsWith('c_attn.bias')) return values;
  const third = values.length / 3;
  return values.filter((_, i) => i < third || i >= 2 * third);
}

async function fixtureTokens(): Promise<Uint16Array> {
  const bytes = await readFile(modelFixture('tokens.bin'));
  return new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
