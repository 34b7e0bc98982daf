import { expect, test } from 'vitest';
import { eagerLoss } from '../../benchmarks/tfjs/eager-model.ts';
import { parseConfig } from '../../src/model/config.ts';
import { parametersOf } from '../../src/model/parameters.ts';
import { expectedModel, openFixture } from '../support/model-fixtures.ts';
import { testEngine } from '../support/test-engine.ts';

test.each(['llama-tied', 'llama-untied', 'gpt2-tied'])(
  'the eager model that speed is compared with computes the loss and gradients of transformers: %s',
  async (name) => {
    const { tf } = await testEngine();
    const expected = await expectedModel(name);
    const checkpoint = await openFixture(name);
    const config = parseConfig(checkpoint.config, name);
    const weights: Record<string, ReturnType<typeof tf.variable>> = {};
    for (const { name: parameter, shape } of parametersOf(config)) {
      const values = tf.tensor(await checkpoint.readFloat32(parameter), [...shape]);
      weights[parameter] = tf.variable(values, true, `${name}/${parameter}`);
    }
    await checkpoint.close();
    const [ids, targets] = [expected.inputIds, expected.targetIds].map((rows) =>
      tf.tensor2d(rows as number[][], undefined, 'int32'),
    );
    const { value, grads } = tf.variableGrads(() => eagerLoss(config, weights, ids!, targets!));
    expect(value.dataSync()[0]).toBeCloseTo(expected.loss, 4);
    const squares = Object.values(grads).map((gradient) => gradient.square().sum().dataSync()[0]!);
    const norm = Math.sqrt(squares.reduce((a, b) => a + b, 0));
    expect(norm / expected.gradients.globalNorm).toBeCloseTo(1, 3);
  },
);
