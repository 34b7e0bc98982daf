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

test('a variable of more than 32 MB is read in pieces that make up its value', async () => {
  const shape = [2 ** 12 + 3, 2 ** 11 + 1];
  const program = trace((t) => {
    for (const name of NAMES)
      t.fetch(`sum_${name}`, tf.sum(t.variable(name, name === 'a' ? shape : [5]).value));
  });
  const session = await Session.open(binding, program);
  try {
    const large = Float32Array.from({ length: shape[0]! * shape[1]! }, (_, i) => i % 1e6);
    session.assign(
      new Map([
        ['a', large],
        ['b', Float32Array.of(1, 2, 3, 4, 5)],
      ]),
    );
    let [at, pieces] = [0, 0];
    for (const piece of session.pieces('a')) {
      expect(piece.every((value, i) => value === large[at + i])).toBe(true);
      at += piece.length;
      pieces++;
    }
    expect([at, pieces]).toEqual([large.length, 5]);
    expect([...session.pieces('b')].map((piece) => [...piece])).toEqual([[1, 2, 3, 4, 5]]);
  } finally {
    session.close();
  }
});
