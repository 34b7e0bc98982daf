import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { testEngine } from '../../../test/support/test-engine.ts';
import { linearCrossEntropy, linearCrossEntropyValue } from './linear-cross-entropy.ts';

beforeAll(async () => {
  await testEngine();
});

test.each([
  ['one tile', 20, 300],
  ['several tiles of the vocabulary', 20, 5000],
  ['several tiles of tokens and of the vocabulary', 1100, 2049],
])('%s: the value without a gradient is that of the loss with one', (_, rows, vocabulary) => {
  tf.tidy(() => {
    // Logits up to about 40: without a shift their exponentials would be beyond float32 together.
    const hidden = tf.randomNormal([rows, 8], 0, 4, 'float32', 1);
    const head = tf.randomNormal([vocabulary, 8], 0, 4, 'float32', 2);
    const labels = tf.randomUniform([rows], 0, vocabulary, 'int32', 3);
    const precision = 'float32';
    const loss = linearCrossEntropy(hidden, head, labels, { precision, chunk: 256 }).dataSync()[0]!;
    const value = linearCrossEntropyValue(hidden, head, labels, precision).dataSync()[0]!;
    expect(loss).toBeGreaterThan(20);
    expect(value / loss).toBeCloseTo(1, 6);
  });
});

test('logits beyond what the exponential of float32 holds have a finite loss', () => {
  tf.tidy(() => {
    const hidden = tf.tensor2d([[100], [-100]]);
    const head = tf.tensor2d([[5], [-5], [4.9]]);
    const value = linearCrossEntropyValue(hidden, head, tf.tensor1d([2, 0], 'int32'), 'float32');
    expect(value.dataSync()[0]).toBeCloseTo((10 + 1000) / 2, 3);
  });
});
