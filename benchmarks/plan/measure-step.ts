/**
 * A program of its own: runs a few real training steps of random weights on the CPU and prints, as JSON, a `StepMemory`.
 * Argument: a TrainingShape as JSON. It ends when its stdin is closed, so that no step outlives the program that asked for it.
 */
import { setImmediate } from 'node:timers/promises';
import { watchResidentGrowth } from '../../test/support/resident-growth.ts';
import { testEngine } from '../../test/support/test-engine.ts';
import type { TrainingShape } from '../../src/train/training-program.ts';
import { collectGarbage } from '../../src/model/collect-garbage.ts';
import { TrainingSession } from '../../src/train/training-session.ts';
import { silentProgress } from '../../src/progress.ts';
import { madeUpWeights } from '../support/made-up-weights.ts';
import type { StepMemory } from './step-memory.ts';

const STEPS = 4;

process.stdin.on('end', () => process.exit(1)).resume();
const shape = JSON.parse(process.argv[2] ?? '') as TrainingShape;
const engine = await testEngine();
// TensorFlow's threads, oneDNN and their first buffers belong to the engine, not to the step.
const warm = engine.tf.matMul(engine.tf.ones([64, 64]), engine.tf.ones([64, 64]));
warm.dataSync();
const session = await TrainingSession.open(engine, shape);
// What tracing left behind would be freed during the steps, and be taken off what they need.
collectGarbage();
const growth = watchResidentGrowth();
await session.start(madeUpWeights(shape.config), silentProgress);
const tokens = shape.sequenceLength * shape.microBatch;
const steps: StepMemory['steps'][number][] = [];
for (let step = 0; step < STEPS; step++) {
  await setImmediate();
  steps.push(
    await session.step(step, 1e-4, () => {
      const inputs = Int32Array.from(
        { length: tokens },
        (_, i) => (i * 7919 + step) % shape.config.vocabulary,
      );
      return Promise.resolve({ inputs, targets: inputs.map((id) => (id + 1) % shape.config.vocabulary) });
    }),
  );
}
const result: StepMemory = { grownBytes: growth(), steps };
process.stdout.write(JSON.stringify(result), () => process.exit(0));
