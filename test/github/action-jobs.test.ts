import { execa } from 'execa';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRunRecord } from '../../src/store/run-record.ts';
import type { Job, StepResult } from './action-runner.ts';
import { createJob, removeJob, ROOT, startStep } from './action-runner.ts';
import type { FakeGitHub } from './fake-github.ts';
import { startFakeGitHub } from './fake-github.ts';
import { inRepository } from '../support/repository.ts';

// The jobs of the reusable workflow, one bundle after another, with the real command line: what each leaves is all that the next one
// has. The artifacts of a run are folders here, and the data branch is a bare repository on disk.

const TOKEN = 'ghs_0123456789abcdefghij';
const RECIPE = 'test/fixtures/recipes/action.yml';
const VARIANTS = [
  { name: 'action.layers-1', set: 'inherit.layers=1' },
  { name: 'action.layers-2', set: 'inherit.layers=2' },
] as const;
const SHARDS = 2;
const hasJq = spawnSync('jq', ['--version']).status === 0;
const STORE = 'branch:inheritune-data';

let folder: string;
let checkout: string;
let remote: string;
let head: string;
let github: FakeGitHub;
const jobs: Job[] = [];

beforeAll(async () => {
  if (!existsSync(join(ROOT, 'dist/action/main.js')))
    throw new Error('dist/action/main.js is missing: run "npm run build" before this test.');
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'inheritune-jobs-')));
  checkout = join(folder, 'checkout');
  remote = join(folder, 'remote.git');
  await execa('git', ['init', '--quiet', '--bare', remote]);
  await execa('git', ['clone', '--quiet', remote, checkout]);
  for (const path of ['test/fixtures/recipes', 'test/fixtures/models/small-run', 'data'])
    cpSync(inRepository(path), join(checkout, path), { recursive: true });
  await git('checkout', '--quiet', '-b', 'main');
  await git('commit', '--quiet', '--allow-empty', '-m', 'first');
  await git('push', '--quiet', 'origin', 'main');
  head = await git('rev-parse', 'HEAD');
  github = await startFakeGitHub({ repository: 'octo/models' });
  github.repository.tokens.set(TOKEN, 'github-actions[bot]');
}, 60_000);
afterAll(async () => {
  await github.stop();
  jobs.forEach(removeJob);
  rmSync(folder, { recursive: true, force: true });
});

describe('a matrix over layers, by the jobs of the reusable workflow', () => {
  it('trains each variant and leaves its models and its part of the record', async () => {
    for (const variant of VARIANTS) {
      const result = await job({ ...inputsOf(variant), stages: 'train', baseline: STORE });
      expect(result.exitCode, result.log).toBe(0);
      expect(existsSync(join(out(variant.name), 'model.safetensors'))).toBe(true);
      const folder = out(variant.name);
      const left = { reference: null, inherited: join(folder, 'inherited'), trained: folder };
      expect(JSON.parse(result.outputs['left']!)).toEqual(left);
      uploadModels(variant.name, left);
      upload(result.outputs['record-path']!);
    }
  }, 240_000);

  it('evaluates the shards of each', async () => {
    for (const variant of VARIANTS)
      for (let index = 1; index <= SHARDS; index += 1) {
        const result = await evaluate(variant, index);
        expect(result.exitCode, result.log).toBe(0);
        const models = ['', '/inherited', '/reference'].map((model) => `${variant.name}${model}`);
        expect(Object.keys(JSON.parse(result.outputs['scores']!) as object).toSorted()).toEqual(models);
        upload(result.outputs['results-path']!);
      }
  }, 240_000);

  it('reports them in one table with a column for each', async () => {
    const result = await report();
    expect(result.exitCode, result.log).toBe(0);
    expect(result.outputs['verdict']).toBe('noBaseline');
    // The reference is the same for both; the inherited models are not.
    expect(result.summary).toMatch(/\| Task .*\| reference .*\| action\.layers-1 .*\| action\.layers-2/);
    expect(result.summary.match(/^\| PIQA/gm)).toHaveLength(1);
    expect(readdirSync(result.outputs['record-path']!)).toEqual(VARIANTS.map(({ name }) => `${name}.json`));
    expect(github.repository.checks).toMatchObject([{ status: 'completed', conclusion: 'neutral' }]);
  });

  it('stores a record of each, and the night in the ledger', async () => {
    for (const variant of VARIANTS) {
      const result = await record(variant, { results: join(folder, 'report/records') });
      expect(result.exitCode, result.log).toBe(0);
      expect(result.summary).toContain(`# Claim ledger: ${variant.name}`);
      const badge = github.repository.files.get(`inheritune-data:badges/${variant.name}.json`) ?? '';
      expect(JSON.parse(badge)).toMatchObject({ schemaVersion: 1, label: 'paper claims' });
    }
    const stored = (await git('ls-tree', '-r', '--name-only', `origin/inheritune-data`)).split('\n');
    expect(stored).toEqual([
      ...VARIANTS.map(({ name }) => expect.stringMatching(`^ledger/${name}/`) as string),
      ...VARIANTS.map(({ name }) => expect.stringMatching(`^runs/${name}/${head}/`) as string),
    ]);
  });

  it('records what one job would have recorded: every model with its validation loss', async () => {
    const file = (await git('ls-tree', '-r', '--name-only', 'origin/inheritune-data'))
      .split('\n')
      .find((path) => path.startsWith('runs/action.layers-1/'))!;
    const split = parseRunRecord(await git('show', `origin/inheritune-data:${file}`), file);
    const whole = await job({
      ...inputsOf(VARIANTS[0]),
      variant: VARIANTS[0].name,
      out: join(folder, 'whole'),
    });
    expect(whole.exitCode, whole.log).toBe(0);
    const record = parseRunRecord(readFileSync(whole.outputs['record-path']!, 'utf8'), 'whole');
    expect(Object.keys(split.models)).toEqual(['reference', 'inherited', 'trained']);
    for (const [key, { label, parameters, validation, tasks }] of Object.entries(record.models)) {
      const own = split.models[key];
      expect(own).toMatchObject({ label, parameters, validation });
      expect(Object.keys(own?.tasks ?? {})).toEqual(Object.keys(tasks));
      for (const [name, task] of Object.entries(tasks)) {
        // Shards put other requests together, which may change the last bit of a log-likelihood: not the answers.
        const expected =
          task.status === 'scored'
            ? { itemSetHash: task.itemSetHash, scores: { acc: task.scores['acc'] } }
            : task;
        expect(own?.tasks[name]).toMatchObject(expected);
      }
    }
    for (const part of ['itemSets', 'recipeHash', 'training', 'inheritance'] as const)
      expect(split[part], part).toEqual(record[part]);
    expect({ ...split.hashes, itemScores: {} }).toEqual({ ...record.hashes, itemScores: {} });
    expect(split.stageInputs).toMatchObject(record.stageInputs);
  }, 240_000);

  it('has nothing new the next time', async () => {
    for (const variant of VARIANTS) {
      const result = await record(variant, { results: join(folder, 'not-downloaded') });
      expect(result.exitCode, result.log).toBe(0);
      expect(result.outputs['outcome']).toBe('nothingNew');
    }
  });

  it.skipIf(!hasJq)('leaves out of the next matrix what is not new', async () => {
    expect(await due(VARIANTS)).toEqual([]);
    const third = { name: 'action.layers-3', set: 'inherit.layers=3' };
    expect(await due([...VARIANTS, third])).toEqual([{ ...third, recipe: RECIPE }]);
  });

  it('is the baseline of the next change, with the stages compared', async () => {
    await git('commit', '--quiet', '--allow-empty', '-m', 'second');
    const before = head;
    head = await git('rev-parse', 'HEAD');
    relabel(before, head);
    const result = await report({ 'max-drop': '100' });
    expect(result.exitCode, result.log).toBe(0);
    expect(result.summary).toContain('First stage that differs: none, every stage left the same');
    expect(result.summary).toMatch(/git show origin\/inheritune-data:runs\/action\.layers-1\//);
  });
});

describe('the jobs of a commit that changes nothing', () => {
  it('compute nothing, and their report says so', async () => {
    rmSync(join(folder, 'parts'), { recursive: true });
    for (const variant of VARIANTS) {
      // As on a runner whose disk is new.
      const inputs = { ...inputsOf(variant), out: join(folder, 'again', variant.name) };
      const training = await job({ ...inputs, stages: 'train', baseline: STORE });
      expect(training.exitCode, training.log).toBe(0);
      expect(training.outputs).toMatchObject({ left: '{}', 'model-path': '' });
      expect(existsSync(join(inputs.out, 'train.jsonl'))).toBe(false);
      upload(training.outputs['record-path']!);
      for (let index = 1; index <= SHARDS; index += 1)
        upload((await evaluate(variant, index)).outputs['results-path']!);
    }
    const result = await report();
    expect(result.exitCode, result.log).toBe(0);
    expect(result.outputs['verdict']).toBe('noRegression');
    expect(result.summary).toContain('No stage changed: 0 GPU-minutes');
    expect(result.summary).toContain('First stage that differs: none');
  }, 240_000);
});

describe('the whole work in one job', () => {
  const inputs = { comment: 'never', baseline: STORE, record: STORE };

  it('is recorded, and computes nothing for a commit that changes nothing', async () => {
    // What a push event is about is on the branch already.
    await git('push', '--quiet', 'origin', 'main');
    const first = await job({ ...inputs, out: join(folder, 'first') });
    expect(first.exitCode, first.log).toBe(0);
    expect(first.outputs['verdict']).toBe('noBaseline');
    await git('commit', '--quiet', '--allow-empty', '-m', 'third');
    await git('push', '--quiet', 'origin', 'main');
    head = await git('rev-parse', 'HEAD');
    const second = await job({ ...inputs, out: join(folder, 'second') });
    expect(second.exitCode, second.log).toBe(0);
    expect(second.summary).toContain('No stage changed: 0 GPU-minutes');
    expect(second.summary).toContain('First stage that differs: none');
    expect(existsSync(join(folder, 'second/train.jsonl'))).toBe(false);
    const stored = await git('ls-tree', '-r', '--name-only', 'origin/inheritune-data');
    expect(stored).toContain(`runs/action/${head}/`);
  }, 240_000);
});

/** The evaluate job gets the training's part and its models, and nothing else. */
function evaluate(variant: (typeof VARIANTS)[number], index: number): Promise<StepResult> {
  const part = join(folder, 'training', variant.name);
  mkdirSync(part, { recursive: true });
  const file = `training-${variant.name}.json`;
  cpSync(join(folder, 'parts', file), join(part, file));
  const place = { results: part, model: join(folder, 'models', variant.name) };
  const shard = `${String(index)}/${String(SHARDS)}`;
  const inputs = { ...inputsOf(variant), out: join(folder, 'shards', variant.name) };
  return job({ ...inputs, ...place, stages: 'evaluate', shard });
}

function uploadModels(variant: string, left: Readonly<Record<string, string | null>>): void {
  mkdirSync(join(folder, 'models', variant), { recursive: true });
  for (const [key, place] of Object.entries(left))
    if (place !== null) symlinkSync(place, join(folder, 'models', variant, key));
}

/** As if the same jobs had run again for the next commit, with the same results. */
function relabel(before: string, after: string): void {
  const parts = join(folder, 'parts');
  for (const name of readdirSync(parts)) {
    const file = join(parts, name);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(before, after));
  }
}

/** The script of the job that plans the matrix, from the workflow itself. */
async function due(variants: readonly { readonly name: string; readonly set: string }[]): Promise<unknown> {
  const workflow = parse(readFileSync(inRepository('.github/workflows/inheritune.yml'), 'utf8')) as {
    jobs: { plan: { steps: { id?: string; run?: string }[] } };
  };
  const script = workflow.jobs.plan.steps.find(({ id }) => id === 'due')!.run!;
  const output = join(folder, 'output');
  writeFileSync(output, '');
  const action = join(checkout, '.inheritune-action');
  if (!existsSync(action)) symlinkSync(ROOT, action);
  await execa('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd: checkout,
    env: {
      VARIANTS: JSON.stringify(variants.map((variant) => ({ ...variant, recipe: RECIPE }))),
      ...{ STORE, GITHUB_OUTPUT: output, INHERITUNE_STORE_TOKEN: TOKEN },
    },
  });
  return JSON.parse(readFileSync(output, 'utf8').replace(/^variants=/, ''));
}

function inputsOf({ name, set }: (typeof VARIANTS)[number]): Record<string, string> {
  return { variant: name, set, out: out(name), comment: 'never', 'check-run': 'never' };
}

function out(variant: string): string {
  return join(folder, 'out', variant);
}

function report(more: Readonly<Record<string, string>> = {}): Promise<StepResult> {
  const expected = VARIANTS.map(({ name }) => name).join(' ');
  const place = { stages: 'report', results: join(folder, 'parts'), out: join(folder, 'report') };
  return job({ ...place, expect: expected, baseline: STORE, ...more });
}

function record(
  variant: (typeof VARIANTS)[number],
  more: Readonly<Record<string, string>>,
): Promise<StepResult> {
  const place = { stages: 'record', record: STORE, ledger: 'true', out: join(folder, 'ledger') };
  return job({ ...inputsOf(variant), ...place, ...more });
}

async function job(inputs: Readonly<Record<string, string>>): Promise<StepResult> {
  const event = join(folder, 'schedule.json');
  writeFileSync(event, '{}');
  const made = createJob({
    ...{ apiUrl: github.apiUrl, eventName: 'schedule', event, runId: 10, workspace: checkout },
    runnerEnvironment: 'self-hosted',
    inputs: { recipe: RECIPE, preflight: 'false', 'github-token': TOKEN, ...inputs },
  });
  const running = { ...made, env: { ...made.env, GITHUB_SHA: head, GITHUB_REF_NAME: 'main' } };
  jobs.push(running);
  return startStep(running, 'main').ended;
}

/** An artifact: everything that another job sees of this one. */
function upload(path: string): void {
  const parts = join(folder, 'parts');
  mkdirSync(parts, { recursive: true });
  cpSync(path, join(parts, path.split('/').at(-1)!));
}

async function git(...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=x', '-c', 'user.email=x@x'];
  if (args[0] === 'ls-tree') await execa('git', ['fetch', '--quiet', 'origin'], { cwd: checkout });
  return (await execa('git', [...identity, ...args], { cwd: checkout })).stdout;
}
