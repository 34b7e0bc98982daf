import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { testEngine } from '../../test/support/test-engine.ts';
import type { Engine } from '../engine/load.ts';
import { matMul } from './ops.ts';
import { trace } from './program.ts';
import { Session } from './session.ts';
import * as tf from '@tensorflow/tfjs';

let engine: Engine;
beforeAll(async () => {
  engine = await testEngine();
});

/** The kernel promises memory that it does not have where this is 1; elsewhere 4 TB are refused at once. */
const promisesAnything = readFileSync('/proc/sys/vm/overcommit_memory', 'utf8').trim() === '1';

test.skipIf(promisesAnything)('a value that does not fit the memory is an outcome of that name', async () => {
  const rows = 2 ** 20;
  const program = trace((t) => {
    const x = t.placeholder('x', [rows, 1], 'float32');
    t.fetch('sum', tf.sum(matMul(x, x, { transposeB: true })));
  });
  const session = await Session.open(engine.binding, program);
  try {
    expect(() => session.run({ x: new Float32Array(rows) }, ['sum'])).toThrow(
      expect.objectContaining({
        code: 'outOfMemory',
        message: expect.stringContaining('The device ran out of memory') as string,
      }),
    );
  } finally {
    session.close();
  }
});
