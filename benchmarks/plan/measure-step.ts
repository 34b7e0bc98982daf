/**
 * A program of its own: runs a few real training steps of random weights on the CPU and prints, as JSON, by how much
 * the process's resident memory grew at most, in bytes. Argument: a TrainingShape as JSON.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { testEngine } from '../../test/support/test-engine.ts';
import { sizeOf } from '../../src/graph/tf-types.ts';
import { TrainingSession } from '../../src/train/training-session.ts';
import type { TrainingShape } from '../../src/train/training-program.ts';

const STEPS = 4;

const shape = JSON.parse(process.argv[2] ?? '') as TrainingShape;
const engine = await testEngine();
// TensorFlow's threads, oneDNN and their first buffers belong to the engine, not to the step.
const warm = engine.tf.matMul(engine.tf.ones([64, 64]), engine.tf.ones([64, 64]));
warm.dataSync();
const session = await TrainingSession.open(engine, shape);
// Writing 5 sets the peak back to what is resident now (`man 5 proc`).
writeFileSync('/proc/self/clear_refs', '5');
const before = status('VmRSS');
// One host array for all of them: what is measured is the step, not how weights are read.
const sizes = [...session.program.variables.values()].map(({ shape: dims }) => sizeOf(dims));
const scratch = new Float32Array(Math.max(...sizes));
for (const [name, { shape: dims }] of session.program.variables) {
  session.assign(name, valuesFor(name, scratch.subarray(0, sizeOf(dims))));
}
const tokens = shape.sequenceLength * shape.microBatch;
for (let step = 0; step < STEPS; step++) {
  await session.step(step, 1e-4, () => {
    const inputs = Int32Array.from({ length: tokens }, (_, i) => (i * 7919 + step) % shape.config.vocabulary);
    return Promise.resolve({ inputs, targets: inputs.map((id) => (id + 1) % shape.config.vocabulary) });
  });
}
console.log(JSON.stringify({ grownBytes: status('VmHWM') - before }));

function status(field: 'VmRSS' | 'VmHWM'): number {
  const line = readFileSync('/proc/self/status', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${field}:`));
  return 1024 * Number(/\d+/.exec(line ?? '')?.[0]);
}

/** Moments and gradient sums start at zero, as in a run; weights are small and not all alike. */
function valuesFor(name: string, values: Float32Array): Float32Array {
  if (/^(adam|gradient)/.test(name)) return values.fill(0);
  const gain = /norm|ln_/.test(name) && name.endsWith('weight');
  for (let i = 0; i < values.length; i++) values[i] = gain ? 1 : 0.02 * Math.sin(12.9898 * i + name.length);
  return values;
}
