/**
 * A program of its own: runs a few real training steps of random weights on the CPU and prints, as JSON, a `StepMemory`.
 * Argument: a TrainingShape as JSON. It ends when its stdin is closed, so that no step outlives the program that asked for it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { testEngine } from '../../test/support/test-engine.ts';
import type { TrainingShape } from '../../src/train/training-program.ts';
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
// Writing 5 sets the peak back to what is resident now (`man 5 proc`).
writeFileSync('/proc/self/clear_refs', '5');
const before = { resident: status('VmRSS'), files: status('RssFile') };
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
// The library's code comes from its file page by page, when it is first used: the same for any shape.
const grownBytes = status('VmHWM') - before.resident - (status('RssFile') - before.files);
const result: StepMemory = { grownBytes, steps };
process.stdout.write(JSON.stringify(result), () => process.exit(0));

function status(field: 'VmRSS' | 'VmHWM' | 'RssFile'): number {
  const line = readFileSync('/proc/self/status', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${field}:`));
  return 1024 * Number(/\d+/.exec(line ?? '')?.[0]);
}
