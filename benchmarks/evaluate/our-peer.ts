/**
 * Evaluates with the product: one job for every line of JSON on stdin, one line of JSON on stdout for each.
 * Timed from a job's name to its scores, without the time in which weights are read. Started by run.ts.
 * usage: our-peer.ts MODEL DATA THREADS
 */
import { createInterface } from 'node:readline';
import { loadCheckpointTokenizer } from '../../src/data/checkpoint-tokenizer.ts';
import { loadEngine } from '../../src/engine/load.ts';
import { setupEngine } from '../../src/engine/setup.ts';
import { evaluate } from '../../src/evaluate/evaluate.ts';
import { folderRows } from '../../src/evaluate/load-rows.ts';
import { modelScorer } from '../../src/evaluate/model-scorer.ts';
import { parseConfig } from '../../src/model/config.ts';
import { silentProgress } from '../../src/progress.ts';
import { openCheckpoint } from '../../src/weights/open-checkpoint.ts';
import type { Job } from './jobs.ts';
import { LoadingClock } from './loading-clock.ts';

const [model, data, threads] = process.argv.slice(2) as [string, string, string];
const { addonPath } = await setupEngine({ variant: 'cpu', env: process.env, progress: silentProgress });
const engine = await loadEngine({ addonPath, device: 'cpu', threads: Number(threads) });
const checkpoint = await openCheckpoint(model);
const config = parseConfig(checkpoint.config, model);
const tokenizer = await loadCheckpointTokenizer(checkpoint);
const say = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'quit') break;
  const { tasks, limit } = JSON.parse(line) as Job;
  const loading = new LoadingClock();
  const started = performance.now();
  const scorer = modelScorer({
    engine: () => Promise.resolve(engine),
    ...{ config, checkpoint, precision: 'float32', progress: loading.progress, label: 'benchmark' },
  });
  const result = await evaluate({
    ...{ tasks, limit, tokenizer, maxLength: config.maxPositions, scorer: scorer.score },
    loadRows: folderRows(data),
  });
  const loadSeconds = loading.seconds;
  const { compileSeconds, tokensComputed } = scorer.cost();
  const all = { ...result.tasks, ...result.groups };
  const scores = Object.fromEntries(
    Object.entries(all).map(([name, entry]) => [
      name,
      'acc' in entry ? entry.acc : entry.status === 'scored' ? entry.metrics['acc'] : undefined,
    ]),
  );
  say({
    seconds: (performance.now() - started) / 1000 - loadSeconds,
    ...{ loadSeconds, compileSeconds, scores, tokensComputed },
  });
}
await checkpoint.close();
process.exit(0);
