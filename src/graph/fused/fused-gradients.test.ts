import { readdir, readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { inRepository } from '../../../test/support/repository.ts';
import { testEngine } from '../../../test/support/test-engine.ts';
import type { NativeBinding } from '../../engine/native-binding.ts';
import { trace } from '../program.ts';
import { Session } from '../session.ts';
import type { HostArray } from '../tf-types.ts';
import { GRADIENT_CASES } from './gradient-cases.fixture.ts';
import type { GradientCase } from './gradient-cases.fixture.ts';

const RUNS = 4;
/** Where rounding (1e-7 / step) and curvature (step²) of a float32 central difference are about equally small. */
const STEP = 4e-3;

let binding: NativeBinding;
beforeAll(async () => {
  ({ binding } = await testEngine());
});

test('every function with a gradient of its own, in whatever folder, has a case', async () => {
  const names: string[] = [];
  for (const file of await readdir(inRepository('src'), { recursive: true })) {
    if (!file.endsWith('.ts') || /\.(test|fixture)\.ts$/.test(file) || file.endsWith('/gradients.ts'))
      continue;
    const text = await readFile(inRepository(`src/${file}`), 'utf8');
    for (const body of text.split(/^(?:export )?function /m).slice(1)) {
      if (/\b(gradients|customGrad)\(/.test(body)) names.push(/^\w+/.exec(body)?.[0] ?? '');
    }
  }
  const covered = GRADIENT_CASES.map(({ name }) => name.split(' ')[0]);
  expect(names.length).toBeGreaterThan(8);
  expect(names.filter((name) => !covered.includes(name))).toEqual([]);
});

const dims = fc.record({
  ...{ batch: fc.integer({ min: 1, max: 2 }), rows: fc.integer({ min: 1, max: 5 }) },
  ...{ width: fc.integer({ min: 1, max: 5 }), other: fc.integer({ min: 2, max: 6 }) },
  seed: fc.integer({ min: 1, max: 1_000_000 }),
});

test.each(GRADIENT_CASES)('$name: gradients agree with finite differences', async (given) => {
  await fc.assert(
    fc.asyncProperty(dims, async ({ seed, ...sizes }) => {
      const { shapes, fused } = given.make(sizes);
      const random = generator(seed);
      const inputs = shapes.map((shape) => array(shape, random));
      const direction = inputs.map((values) => values.map(() => random()));
      await withGradients(shapes, fused, random, (run) => {
        const { gradients } = run(inputs);
        const along = gradients.reduce((sum, g, i) => sum + dot(g, direction[i]!), 0);
        const at = (step: number): number =>
          run(inputs.map((x, i) => x.map((value, j) => value + step * direction[i]![j]!))).value;
        const difference = (at(STEP) - at(-STEP)) / (2 * STEP);
        const scale = gradients.reduce(
          (sum, g, i) => sum + Math.hypot(...g) * Math.hypot(...direction[i]!),
          1e-2,
        );
        expect(Math.abs(along - difference) / scale).toBeLessThan(5e-3);
      });
    }),
    { numRuns: RUNS },
  );
});

test.each(GRADIENT_CASES)(
  "$name: value and gradients agree with tfjs's of the plain formula",
  async (given) => {
    await fc.assert(
      fc.asyncProperty(dims, async ({ seed, ...sizes }) => {
        const { shapes, fused, plain } = given.make(sizes);
        const inputs = shapes.map((shape, i) => array(shape, generator(seed + i)));
        const results: { value: number; gradients: readonly HostArray[] }[] = [];
        for (const f of [fused, plain]) {
          await withGradients(shapes, f, generator(seed), (run) => results.push(run(inputs)));
        }
        const [own, reference] = results;
        expect(Math.abs(own!.value - reference!.value)).toBeLessThan(1e-4 * (1 + Math.abs(reference!.value)));
        reference!.gradients.forEach((gradient, i) => {
          const largest = Math.max(1e-2, ...gradient.map(Math.abs));
          gradient.forEach((value, j) => {
            expect(Math.abs(own!.gradients[i]![j]! - value) / largest).toBeLessThan(2e-4);
          });
        });
      }),
      { numRuns: RUNS },
    );
  },
);

type Run = (inputs: readonly Float32Array[]) => { value: number; gradients: readonly HostArray[] };

/** Compiles Σ weight·f(inputs), with random weights, and its gradients. */
async function withGradients(
  shapes: readonly (readonly number[])[],
  f: ReturnType<GradientCase['make']>['fused'],
  random: () => number,
  use: (run: Run) => void,
): Promise<void> {
  const program = trace((t) => {
    const inputs = shapes.map((shape, i) => t.placeholder(`x${i}`, shape, 'float32'));
    const scalar = (...values: Tensor[]): Tensor => {
      const result = f(values);
      const weights = tf.tensor(array(result.shape, random), result.shape);
      return tf.sum(tf.mul(result, weights));
    };
    const { value, grads } = tf.valueAndGrads(scalar)(inputs);
    t.fetch('value', value);
    grads.forEach((gradient, i) => {
      t.fetch(`g${i}`, gradient);
    });
  });
  const session = await Session.open(binding, program);
  try {
    use((inputs) => {
      const feeds = Object.fromEntries(inputs.map((values, i) => [`x${i}`, values]));
      const [value, ...gradients] = session.run(feeds, ['value', ...inputs.map((_, i) => `g${i}`)]);
      return { value: value![0]!, gradients };
    });
  } finally {
    session.close();
  }
}

function array(shape: readonly number[], random: () => number): Float32Array {
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, random);
}

/** Uniform between -1 and 1 (Park and Miller's generator). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  };
}

function dot(a: HostArray, b: Float32Array): number {
  return b.reduce((sum, value, i) => sum + value * a[i]!, 0);
}
