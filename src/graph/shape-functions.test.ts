import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { testEngine } from '../../test/support/test-engine.ts';
import type { NativeBinding } from '../engine/native-binding.ts';
import { SHAPE_CASES } from './shape-cases.fixture.ts';
import type { OpCase } from './shape-cases.fixture.ts';
import { inferOutputs, shapeFunctions } from './shape-functions.ts';
import type { Known } from './shapes/known.ts';

const RUNS = 40;

let binding: NativeBinding;
beforeAll(async () => {
  ({ binding } = await testEngine());
});

test('every shape function is compared with eager execution', () => {
  expect(Object.keys(shapeFunctions).filter((op) => SHAPE_CASES[op] === undefined)).toEqual([]);
});

test.each(Object.keys(shapeFunctions).filter((op) => SHAPE_CASES[op] !== undefined))(
  '%s has the output shapes and types of eager execution, and refuses what that refuses',
  (op) => {
    let fitting = 0;
    fc.assert(
      fc.property(SHAPE_CASES[op]!, (call) => {
        const eager = runEagerly(op, call);
        if (eager !== 'refused') fitting++;
        expect(infer(op, call)).toEqual(eager);
      }),
      { numRuns: RUNS },
    );
    expect(fitting).toBeGreaterThan(RUNS / 5);
  },
);

type Outputs = readonly { readonly shape: readonly number[]; readonly type: number }[] | 'refused';

function runEagerly(op: string, { inputs, attributes, outputs }: OpCase): Outputs {
  const ids = inputs.map(({ shape, type, values }) => binding.createTensor(shape, type, values));
  try {
    const results = binding.executeOp(op, attributes, ids, outputs);
    for (const { id } of results) binding.deleteTensor(id);
    return results.map(({ shape, dtype }) => ({ shape, type: dtype }));
  } catch {
    return 'refused';
  } finally {
    for (const id of ids) binding.deleteTensor(id);
  }
}

function infer(op: string, { inputs, attributes, outputs }: OpCase): Outputs {
  const values = Object.fromEntries(attributes.map(({ name, value }) => [name, value]));
  try {
    const results = inferOutputs(op, inputs as readonly Known[], values, outputs);
    return results.map(({ shape, type }) => ({ shape: [...shape], type }));
  } catch {
    return 'refused';
  }
}
