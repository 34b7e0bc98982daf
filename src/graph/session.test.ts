import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { testEngine } from '../../test/support/test-engine.ts';
import type { NativeBinding } from '../engine/native-binding.ts';
import { attribute } from './graph-def.ts';
import { trace } from './program.ts';
import { Session } from './session.ts';
import { TF } from './tf-types.ts';

let binding: NativeBinding;
beforeAll(async () => {
  ({ binding } = await testEngine());
});

const SIZE = 1000;
const NAMES = ['a', 'b'];

// An array is aligned to 64 bytes by chance, one in four: in 64 rounds several are.
test('variables own their memory: an assignment and an update change no array of the caller, nor each other', async () => {
  const program = trace((t) => {
    const variables = NAMES.map((name) => t.variable(name, [SIZE]));
    const dtype = { dtype: attribute.type(TF.FLOAT) };
    const added = variables.map((variable) =>
      t.effect('AssignAddVariableOp', [variable, tf.ones([SIZE])], dtype),
    );
    t.fetch('added', tf.scalar(0), added);
  });
  const session = await Session.open(binding, program);
  try {
    for (let round = 0; round < 64; round++) {
      const values = new Map(
        NAMES.map((name, i) => [name, new Float32Array(SIZE).fill(2 * round + 1000 * i)]),
      );
      session.assign(values);
      session.run({}, ['added']);
      expect(NAMES.map((name) => session.read(name)[0])).toEqual([2 * round + 1, 2 * round + 1001]);
      expect(NAMES.map((name) => values.get(name)?.[0])).toEqual([2 * round, 2 * round + 1000]);
    }
  } finally {
    session.close();
  }
});
