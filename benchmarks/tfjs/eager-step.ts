/**
 * One training step in eager tfjs-node with `tf.train.adam` for every line `step` on stdin, in the line protocol of
 * benchmarks/pytorch. usage: eager-step.ts FOLDER TOKENS BATCH LENGTH THREADS
 */
import type { NamedVariableMap } from '@tensorflow/tfjs-core/dist/tensor_types.js';
import { createInterface } from 'node:readline';
import { readBatch } from '../../src/data/batch-reader.ts';
import { createBatchPlan } from '../../src/data/batches.ts';
import { openTokenFile } from '../../src/data/token-file.ts';
import { loadEngine } from '../../src/engine/load.ts';
import { setupEngine } from '../../src/engine/setup.ts';
import { parseConfig } from '../../src/model/config.ts';
import { parametersOf } from '../../src/model/parameters.ts';
import { silentProgress } from '../../src/progress.ts';
import { openCheckpoint } from '../../src/weights/open-checkpoint.ts';
import { eagerLoss } from './eager-model.ts';

const [folder, tokensFile, ...sizes] = process.argv.slice(2) as [string, string, ...string[]];
const [batch, length, threads] = sizes.map(Number) as [number, number, number];
const { addonPath } = await setupEngine({ variant: 'cpu', env: process.env, progress: silentProgress });
const { tf } = await loadEngine({ addonPath, device: 'cpu', threads });
const checkpoint = await openCheckpoint(folder);
const config = parseConfig(checkpoint.config, folder);
const weights: Record<string, ReturnType<typeof tf.variable>> = {};
for (const { name, shape } of parametersOf(config))
  weights[name] = tf.variable(tf.tensor(await checkpoint.readFloat32(name), [...shape]), true, name);
await checkpoint.close();
const file = await openTokenFile(tokensFile, { vocabularySize: config.vocabulary });
const plan = createBatchPlan({
  ...{ tokens: file.tokens, sequenceLength: length, microBatch: batch, accumulate: 1 },
  ...{ order: 'sequential' as const, seed: 0 },
});
const optimizer = tf.train.adam(3e-4, 0.9, 0.999, 1e-8);
let step = 0;
const run = async (): Promise<number> => {
  const { inputs, targets } = await readBatch(file, plan, step++, 0);
  return tf.tidy(() => {
    const [ids, labels] = [inputs, targets].map((values) => tf.tensor2d(values, [batch, length], 'int32'));
    const { value, grads } = tf.variableGrads(() => eagerLoss(config, weights, ids!, labels!));
    optimizer.applyGradients(grads as NamedVariableMap);
    return value.dataSync()[0]!;
  });
};
const say = (line: Record<string, unknown>): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
const firstLoss = await run();
await run();
say({ ready: true, firstLoss, threads });
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === 'quit') break;
  const started = performance.now();
  const loss = await run();
  const seconds = (performance.now() - started) / 1000;
  say({ seconds, loss, peakRssBytes: process.resourceUsage().maxRSS * 1024 });
}
process.exit(0);
