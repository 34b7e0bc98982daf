/**
 * One training or scoring step of ours for every line `step` on stdin, in the line protocol of benchmarks/pytorch.
 * usage: our-step.ts train|score FOLDER TOKENS BATCH LENGTH THREADS
 */
import { createInterface } from 'node:readline';
import { createBatchPlan } from '../../src/data/batches.ts';
import { readBatch } from '../../src/data/batch-reader.ts';
import { openTokenFile } from '../../src/data/token-file.ts';
import { loadEngine } from '../../src/engine/load.ts';
import { setupEngine } from '../../src/engine/setup.ts';
import { parseConfig } from '../../src/model/config.ts';
import { silentProgress } from '../../src/progress.ts';
import { TrainingSession } from '../../src/train/training-session.ts';
import { openCheckpoint } from '../../src/weights/open-checkpoint.ts';

const [mode, folder, tokensFile, batchText, lengthText, threadsText] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const [batch, length, threads] = [batchText, lengthText, threadsText].map(Number) as [number, number, number];
const { addonPath } = await setupEngine({ variant: 'cpu', env: process.env, progress: silentProgress });
const engine = await loadEngine({ addonPath, device: 'cpu', threads });
const checkpoint = await openCheckpoint(folder);
const config = parseConfig(checkpoint.config, folder);
const session = await TrainingSession.open(engine, {
  ...{ config, sequenceLength: length, microBatch: batch, accumulate: 1, precision: 'float32' as const },
  optimizer: { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 },
});
await session.start(checkpoint, silentProgress);
await checkpoint.close();
const file = await openTokenFile(tokensFile, { vocabularySize: config.vocabulary });
const plan = createBatchPlan({
  ...{ tokens: file.tokens, sequenceLength: length, microBatch: batch, accumulate: 1 },
  ...{ order: 'sequential' as const, seed: 0 },
});
let step = 0;
const run = async (): Promise<number> => {
  const data = await readBatch(file, plan, step, 0);
  if (mode === 'score') {
    step++;
    return session.loss(data);
  }
  const { lossNats } = await session.step(step++, 3e-4, () => Promise.resolve(data));
  return lossNats;
};
const say = (line: Record<string, unknown>): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
const firstLoss = await run();
await run();
say({ ready: true, firstLoss, tensorflow: engine.tensorflowVersion, threads });
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === 'quit') break;
  const started = performance.now();
  const loss = await run();
  say({
    seconds: (performance.now() - started) / 1000,
    loss,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  });
}
process.exit(0);
