import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testEngine } from '../../test/support/test-engine.ts';
import type { Engine } from '../engine/load.ts';
import { GraphError } from './graph-error.ts';
import { matMul } from './ops.ts';
import { trace } from './program.ts';
import type { Trace } from './program.ts';
import { Session } from './session.ts';

let engine: Engine;
let session: Session;
beforeAll(async () => {
  engine = await testEngine();
  const program = trace((t) => {
    const x = t.placeholder('x', [2, 3], 'float32');
    t.fetch('y', matMul(x, t.variable('w', [3, 4]).value));
  });
  session = await Session.open(engine.binding, program);
});
afterAll(() => {
  session.close();
});

test.each<[string, (t: Trace) => unknown, string, string]>([
  [
    'a value that is read',
    (t) => t.placeholder('x', [2], 'float32').square().dataSync(),
    'trace',
    'reads the value of Square_1 while it is traced',
  ],
  [
    'an unknown operation',
    (t) => t.op('Betainc', [], [t.placeholder('x', [2], 'float32')]),
    'trace',
    'the TensorFlow operation Betainc, which the tracer has no shape function for',
  ],
  [
    'shapes that do not fit',
    (t) => matMul(t.placeholder('x', [2, 3], 'float32'), t.placeholder('y', [2, 3], 'float32')),
    'shape',
    'The operation MatMul was given inputs of shape [2,3] [2,3]: the inner dimensions differ',
  ],
  [
    'a size that depends on data',
    (t) => t.op('Fill', [], [t.placeholder('n', [1], 'int32'), tf.scalar(0)]),
    'shape',
    'a size, axis or permutation depends on data',
  ],
])('refuses %s', (_, build, code, message) => {
  expect(caught(() => trace(build))).toMatchObject({
    code,
    message: expect.stringContaining(message) as string,
  });
});

test('refuses a tensor that was made outside', () => {
  const outside = engine.tf.ones([2]).square();
  const error = caught(() =>
    trace((t) => {
      t.fetch('y', tf.add(t.placeholder('x', [2], 'float32'), outside));
    }),
  );
  outside.dispose();
  expect(error).toMatchObject({ code: 'trace' });
  expect(error.message).toMatch(/A tensor made outside the trace \(handle \d+\) is used inside it/);
});

test('eager tensors work again after a trace that failed', () => {
  caught(() => trace((t) => t.op('Betainc', [], [t.placeholder('x', [2], 'float32')])));
  expect([...engine.tf.add([1, 2], [3, 4]).dataSync()]).toEqual([4, 6]);
});

test.each<[string, () => unknown, string]>([
  [
    'an input of the wrong length',
    () => session.run({ x: new Float32Array(5) }, ['y']),
    'The input x has shape [2, 3] and was given 5 values',
  ],
  ['an unknown input', () => session.run({ z: new Float32Array(6) }, ['y']), 'no input named z'],
  ['an unknown output', () => session.run({ x: new Float32Array(6) }, ['z']), 'no output named z'],
  ['an unknown variable', () => session.read('v'), 'no variable named v'],
  [
    'a value of the wrong length',
    () => {
      session.assign(new Map([['w', new Float32Array(3)]]));
    },
    'The variable w holds 12 values and was given 3',
  ],
])('a session refuses %s', (_, use, message) => {
  expect(caught(use)).toMatchObject({ code: 'run', message: expect.stringContaining(message) as string });
});

function caught(work: () => unknown): GraphError {
  try {
    work();
  } catch (error) {
    if (error instanceof GraphError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
