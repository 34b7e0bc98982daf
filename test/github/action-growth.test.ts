import { execa } from 'execa';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { GrowthResult } from '../../src/judge/growth-result.ts';
import { parseRunRecord } from '../../src/store/run-record.ts';
import { inRepository } from '../support/repository.ts';
import type { StepResult } from './action-runner.ts';
import { BOT, openWorld, PULL } from './bundle-world.ts';
import type { World, WorldJob } from './bundle-world.ts';

// A growing run through the real bundles and the real command line: a push that records it, pull requests that are compared with the
// record, and the jobs of the reusable workflow. The reference has 3 blocks, and every training 8 steps.

const RECIPE = 'growing.yml';
const BLOCKS = 3;

let folder: string;
let checkout: string;
let head: string;
let world: World;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'inheritune-growing-')));
  checkout = join(folder, 'checkout');
  const remote = join(folder, 'remote.git');
  await execa('git', ['init', '--quiet', '--bare', remote]);
  await execa('git', ['clone', '--quiet', remote, checkout]);
  writeRecipe();
  head = await commit('first');
  await git('push', '--quiet', 'origin', 'main');
  world = await openWorld({ realCommands: true });
}, 60_000);
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a growing run', () => {
  it('on a push has a report, results and a record, and fails nothing', async () => {
    const result = await job('push', { record: 'store', baseline: 'store' });
    expect(result.exitCode, result.log).toBe(0);
    expect(result.outputs).toMatchObject({
      ...{ outcome: 'succeeded', verdict: 'noBaseline', scores: '{}', left: '{}' },
      ...{ 'run-id': '10-1-default', 'model-path': join(out('push'), 'target-2-blocks') },
    });
    expect(existsSync(join(result.outputs['model-path']!, 'model.safetensors'))).toBe(true);
    const growth = grownIn('push');
    expect(growth.models.map(({ name, blocks }) => [name, blocks])).toEqual([
      ['reference', BLOCKS],
      ['target 2 blocks', 2],
    ]);
    const [reference, target] = growth.models;
    expect(growth.parity).toBe(target!.lossNats <= reference!.lossNats);
    expect(readFileSync(result.outputs['report-path']!, 'utf8')).toMatch(/## Models\n[\s\S]*## Stages\n/);
    expect(result.summary).toMatch(/\| target 2 blocks +\| +2 /);

    const [stored] = records();
    const record = parseRunRecord(readFileSync(join(checkout, 'store', stored!), 'utf8'), stored!);
    expect(record).toMatchObject({
      name: 'growing',
      commit: head,
      models: {},
      growth: { parity: growth.parity },
    });
    expect(record.growth!.models.map(({ lossAtSteps }) => lossAtSteps.map(({ step }) => step))).toEqual([
      [1, 8],
      [1, 8],
    ]);
    expect(record.environment).toMatchObject({ device: 'cpu', precision: 'float32' });
    expect(record.cost).toMatchObject({ gpuMinutes: 0, trainedTokens: 2 * 8 * 4 * 32 });
    expect(record.cost.evaluatedTokens).toBe(2 * growth.validationTokens);
    expect(world.repository.checks.at(-1)).toMatchObject({ conclusion: 'neutral', title: 'No baseline' });
  }, 60_000);

  it('of a pull request that changes nothing is taken over and is no regression', async () => {
    await git('checkout', '--quiet', '-b', 'nothing');
    head = await commit('nothing');
    const result = await job('nothing', { baseline: 'store' }, pullRequest());
    expect(result.exitCode, result.log).toBe(0);
    expect(result.outputs).toMatchObject({ verdict: 'noRegression', 'model-path': '' });
    expect(existsSync(join(out('nothing'), 'target-2-blocks'))).toBe(false);
    expect(result.summary).toContain('No stage changed: 0 GPU-minutes');
    expect(result.summary).toContain('First stage that differs: none');
    expect(result.summary).toContain('No regression: reference and targets are the same');
    expect(grownIn('nothing')).toEqual(grownIn('push'));
  }, 60_000);

  it('of a pull request that changes the training is compared, in the comment, and cannot be told from chance', async () => {
    const inputs = { baseline: 'store', set: 'train.optimizer.learningRate=2e-3', comment: 'auto' };
    const result = await job('change', inputs, pullRequest());
    expect(result.exitCode, result.log).toBe(0);
    expect(result.outputs).toMatchObject({ outcome: 'succeeded', verdict: 'cannotTell' });
    const [before, after] = [grownIn('push'), grownIn('change')].map(({ models }) => models[1]!.lossNats);
    const shown = [before!, after!].map((loss) => loss.toFixed(4)).join(' \\| ');
    const comments = world.repository.commentsOn(PULL).filter(({ login }) => login === BOT);
    expect(comments).toHaveLength(1);
    const { body } = comments[0]!;
    expect(body).toContain('## Inheritune: Cannot tell');
    expect(body).toMatch(new RegExp(`\\| target 2 blocks \\| ${shown} \\| .*unknown: one seed on each side`));
    expect(body).toContain('First stage that differs: **loss at step 8 of reference**');
    expect(body).toContain('inheritune compare store/runs/growing/');
    expect(world.repository.checks.at(-1)).toMatchObject({ conclusion: 'neutral', title: 'Cannot tell' });
  }, 60_000);
});

describe('the jobs of the reusable workflow', () => {
  it('train, evaluate nothing, report and record a growing run', async () => {
    await git('checkout', '--quiet', 'main');
    head = await commit('second');
    await git('push', '--quiet', 'origin', 'main');
    const train = await job('jobs', { stages: 'train', baseline: 'store' });
    expect(train.exitCode, train.log).toBe(0);
    expect(train.outputs['left']).toBe('{}');
    upload(train.outputs['record-path']!);
    const parts = join(folder, 'parts');
    const evaluate = await job('evaluate', { stages: 'evaluate', results: parts, model: 'models' });
    expect(evaluate.exitCode, evaluate.log).toBe(0);
    upload(evaluate.outputs['results-path']!);
    const report = await job('report', {
      stages: 'report',
      results: parts,
      expect: 'default',
      baseline: 'store',
    });
    expect(report.exitCode, report.log).toBe(0);
    expect(report.outputs['verdict']).toBe('noRegression');
    expect(report.summary).toContain('No stage changed: 0 GPU-minutes');
    expect(report.summary).toMatch(/## Growth of default\n[\s\S]*\| target 2 blocks /);
    const results = report.outputs['record-path']!;
    const record = await job('record', { stages: 'record', results, record: 'store', ledger: 'true' });
    expect(record.exitCode, record.log).toBe(0);
    expect(records()).toHaveLength(2);
    expect(record.summary).toContain('# Claim ledger: growing');
  }, 60_000);
});

function writeRecipe(): void {
  mkdirSync(join(checkout, 'model'), { recursive: true });
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    cpSync(inRepository(`recipes/models/byte-llama/${name}`), join(checkout, 'model', name));
  const architecture = {
    ...{ model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], n_layer: BLOCKS, n_embd: 32, n_head: 4 },
    ...{ vocab_size: 257, n_positions: 64, eos_token_id: 256 },
  };
  writeFileSync(join(checkout, 'model/config.json'), JSON.stringify(architecture));
  cpSync(inRepository('data/corpus'), join(checkout, 'corpus'), { recursive: true });
  const recipe = {
    reference: { model: 'model', initialise: 'random', seed: 3 },
    ...{ inherit: { layers: 2 }, grow: { rounds: 1 } },
    data: {
      sources: [{ path: 'corpus', documents: 'paragraph' }],
      subsetTokens: 1025,
      validationTokens: 257,
    },
    train: {
      ...{ sequenceLength: 32, microBatch: 4, accumulate: 1, steps: 8, precision: 'float32' },
      optimizer: { learningRate: 1e-3, warmupSteps: 1 },
    },
  };
  writeFileSync(join(checkout, RECIPE), stringify(recipe));
}

function job(
  name: string,
  inputs: Readonly<Record<string, string>>,
  event: Pick<WorldJob, 'eventName' | 'event'> = pushed(),
): Promise<StepResult> {
  return world.main({
    ...event,
    workspace: checkout,
    inputs: { recipe: RECIPE, out: out(name), comment: 'never', ...inputs },
    env: { GITHUB_SHA: head, GITHUB_REF_NAME: 'main' },
  });
}

function pushed(): Pick<WorldJob, 'eventName' | 'event'> {
  return { eventName: 'push', event: changedEvent('push', (json) => ({ ...json, after: head })) };
}

function pullRequest(): Pick<WorldJob, 'eventName' | 'event'> {
  world.repository.heads.set(PULL, head);
  const event = changedEvent('pull-request', ({ pull_request: pull, ...json }) => {
    const { head: old, ...rest } = pull as { head: object };
    return { ...json, after: head, pull_request: { ...rest, head: { ...old, sha: head } } };
  });
  return { eventName: 'pull_request', event };
}

type Json = Record<string, unknown>;

function changedEvent(name: string, change: (json: Json) => Json): string {
  const source = fileURLToPath(new URL(`events/${name}.json`, import.meta.url));
  const path = join(folder, `${name}-${head}.json`);
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(source, 'utf8')) as Json)));
  return path;
}

/** Far from each other, as on runners whose disks are new: what a run made is not beside the next one's folder. */
function out(name: string): string {
  return join(folder, 'runs', name, 'out');
}

function grownIn(name: string): GrowthResult {
  return JSON.parse(readFileSync(join(out(name), 'growth.json'), 'utf8')) as GrowthResult;
}

function records(): string[] {
  const all = readdirSync(join(checkout, 'store'), { recursive: true, encoding: 'utf8' });
  return all.filter((path) => /^runs\/.*\.json$/.test(path)).toSorted();
}

function upload(path: string): void {
  mkdirSync(join(folder, 'parts'), { recursive: true });
  cpSync(path, join(folder, 'parts', path.split('/').at(-1)!));
}

async function commit(message: string): Promise<string> {
  if ((await git('branch', '--list', 'main')) === '') await git('checkout', '--quiet', '-b', 'main');
  await git('commit', '--quiet', '--allow-empty', '-m', message);
  return git('rev-parse', 'HEAD');
}

async function git(...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=x', '-c', 'user.email=x@x'];
  return (await execa('git', [...identity, ...args], { cwd: checkout })).stdout;
}
