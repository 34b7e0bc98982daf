import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectedModel, openFixture } from '../../test/support/model-fixtures.ts';
import { hasSharedData, sharedData, skipNote } from '../../test/support/repository.ts';
import { testEngine } from '../../test/support/test-engine.ts';
import type { Engine } from '../engine/load.ts';
import { meanCrossEntropy } from '../graph/fused/cross-entropy.ts';
import { trace } from '../graph/program.ts';
import { Session } from '../graph/session.ts';
import { silentProgress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { openCheckpoint } from '../weights/open-checkpoint.ts';
import { parseConfig } from './config.ts';
import { hiddenStates, logits } from './decoder.ts';
import { loadWeights, storedName } from './load-weights.ts';
import { parametersOf } from './parameters.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await testEngine();
});

describe.each(['llama-tied', 'llama-untied', 'llama-bf16-sharded', 'gpt2-tied', 'gpt2-inverse'])(
  '%s',
  (name) => {
    test('gives the logits, loss and gradients of transformers', async () => {
      const checkpoint = await openFixture(name);
      await compare(name, checkpoint).finally(() => checkpoint.close());
    });
  },
);

describe.skipIf(!hasSharedData)(`trained models${skipNote}`, () => {
  test.each(['stories260k', 'gpt2-nano-sort'])(
    '%s gives the logits, loss and gradients of transformers',
    async (name) => {
      const checkpoint = await openCheckpoint(`${sharedData}/models/${name}`);
      await compare(name, checkpoint).finally(() => checkpoint.close());
    },
  );
});

async function compare(name: string, checkpoint: Checkpoint): Promise<void> {
  const expected = await expectedModel(name);
  const config = parseConfig(checkpoint.config, name);
  const parameters = parametersOf(config);
  const size: [number, number] = [expected.inputIds.length, expected.inputIds[0]!.length];
  const program = trace((t) => {
    const ids = t.placeholder('ids', size, 'int32');
    const targets = t.placeholder('targets', size, 'int32');
    const variables = parameters.map(({ name, shape }) => t.variable(name, shape));
    const forward = (values: readonly Tensor[]): Tensor => {
      const weights = Object.fromEntries(parameters.map((parameter, i) => [parameter.name, values[i]!]));
      const hidden = hiddenStates(config, weights, ids, { precision: 'float32', layout: { kind: 'plain' } });
      return logits(config, weights, hidden, 'float32');
    };
    const values = variables.map((variable) => variable.value);
    t.fetch('logits', forward(values));
    const { value, grads } = tf.valueAndGrads((...w: Tensor[]) =>
      meanCrossEntropy(forward(w), targets.reshape([size[0] * size[1]])),
    )(values);
    t.fetch('loss', value);
    grads.forEach((gradient, i) => {
      t.fetch(`gradient_${i}`, gradient);
    });
  });
  const session = await Session.open(engine.binding, program);
  try {
    await loadWeights(session, config, checkpoint, silentProgress);
    const [all, loss, ...gradients] = session.run(
      { ids: Int32Array.from(expected.inputIds.flat()), targets: Int32Array.from(expected.targetIds.flat()) },
      ['logits', 'loss', ...parameters.map((_, i) => `gradient_${i}`)],
    );
    for (const { row, position, values } of expected.logits) {
      const from = (row * size[1] + position) * config.vocabulary;
      expectNear(all!.subarray(from, from + config.vocabulary), values, 1e-4);
    }
    expect(loss![0]).toBeCloseTo(expected.loss, 5);
    parameters.forEach((parameter, i) => {
      const reference = expected.gradients.tensors[storedName(checkpoint, parameter)]!;
      expect(Math.hypot(...gradients[i]!) / reference.norm, parameter.name).toBeCloseTo(1, 4);
      expectNear(gradients[i]!.subarray(0, 4), reference.first, 1e-4 * reference.norm);
    });
  } finally {
    session.close();
  }
}

function expectNear(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expected.forEach((value, i) => {
    expect(Math.abs(actual[i]! - value), `value ${i}`).toBeLessThan(tolerance);
  });
}
