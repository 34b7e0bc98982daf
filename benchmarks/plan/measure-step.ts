/**
 * A program of its own: runs a few real training steps of random weights on the CPU and prints, as JSON, a `StepMemory`.
 * Argument: a TrainingShape as JSON. It ends when its stdin is closed, so that no step outlives the program that asked for it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { testEngine } from '../../test/support/test-engine.ts';
import type { TrainingShape } from '../../src/train/training-program.ts';
import { TrainingSession } from '../../src/train/training-session.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { parametersOf } from '../../src/model/parameters.ts';
import { silentProgress } from '../../src/progress.ts';
import type { Checkpoint } from '../../src/weights/checkpoint.ts';
import { sizeOf } from '../../src/graph/tf-types.ts';
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
      const inputs = Int32Array.from({ length: tokens }, (_, i) => (i * 7919 + step) % shape.config.vocabulary);
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

/** A checkpoint that is nowhere, in one host array for all tensors: what is measured is the step, not how weights are read. */
function madeUpWeights(config: ModelConfig): Checkpoint {
  const tensors = parametersOf(config).map((spec) => ({ ...spec, dtype: 'F32' as const }));
  const scratch = new Float32Array(Math.max(...tensors.map(({ shape: dims }) => sizeOf(dims))));
  return {
    ...{ source: 'made-up weights', config: {}, sidecars: new Map() },
    tensors: new Map(tensors.map((spec) => [spec.name, spec])),
    readBytes: () => Promise.reject(new Error('made-up weights have no bytes')),
    readFloat32: (name) => {
      const spec = tensors.find((tensor) => tensor.name === name)!;
      const values = scratch.subarray(0, sizeOf(spec.shape));
      const gain = /norm|ln_/.test(name) && name.endsWith('weight');
      for (let i = 0; i < values.length; i++)
        values[i] = gain ? 1 : 0.02 * Math.sin(12.9898 * i + name.length);
      return Promise.resolve(values);
    },
    close: () => Promise.resolve(),
  };
}
