import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Job, JobOptions, RunningStep, StepResult } from './action-runner.ts';
import { createJob, removeJob, ROOT, startStep } from './action-runner.ts';
import type { FakeGitHub } from './fake-github.ts';
import { startFakeGitHub } from './fake-github.ts';
import { argumentsWith } from './process-state.ts';

const hasGpu = spawnSync('nvidia-smi', ['-L']).status === 0;

/** A run of a few seconds with training and evaluation. */
const RECIPE = 'test/fixtures/recipes/action.yml';
/** What that run leaves, by output. */
const EXPECTED_FILES = { 'report-path': 'report.md', 'results-path': 'results.json', 'model-path': '.' };
/** The file that makes the model's folder one. */
const MODEL_FILE = 'config.json';
const RUN_TIMEOUT_MS = 300_000;
const TOKEN = 'ghs_0123456789abcdefghij';
const PULL = 7;
const HEAD = '6dcb09b5b57875f334f61aebed695e2e4193db5e';

vi.setConfig({ testTimeout: RUN_TIMEOUT_MS });

let github: FakeGitHub;
let job: Job;
let recipes: string;

beforeAll(() => {
  for (const file of [
    'dist/action/main.js',
    'dist/action/post.js',
    'dist/action/pre.js',
    'dist/cli/main.js',
    RECIPE,
  ]) {
    if (!existsSync(join(ROOT, file)))
      throw new Error(`${file} is missing: run "npm run build" before this test.`);
  }
});
beforeEach(async () => {
  recipes = mkdtempSync(join(tmpdir(), 'inheritune-recipes-'));
  github = await startFakeGitHub({ repository: 'octo/models' });
  github.repository.tokens.set(TOKEN, 'github-actions[bot]');
  github.repository.heads.set(PULL, HEAD);
});
afterEach(async () => {
  await github.stop();
  removeJob(job);
  rmSync(recipes, { recursive: true, force: true });
});

describe('a run on a pull request', () => {
  it('ends in outputs, a summary and one comment; the token reaches GitHub and nothing else', async () => {
    github.repository.addComment(PULL, 'ada', 'How does it look?');
    const running = start({ runId: 10, inputs: { recipe: RECIPE } });
    const tellTales = argumentsWith(TOKEN, running.ended);
    const result = await running.ended;

    expect(result.exitCode, result.log).toBe(0);
    expect(await tellTales).toEqual([]);
    const comment = ours()[0];
    expect(result.outputs).toMatchObject({
      outcome: 'succeeded',
      'comment-url': `https://github.com/octo/models/pull/7#issuecomment-${String(comment?.id)}`,
    });
    for (const [output, name] of Object.entries(EXPECTED_FILES)) {
      expect(result.outputs[output]).toBe(join(job.out, name));
      expect(existsSync(join(job.out, name))).toBe(true);
    }
    expect(existsSync(join(job.out, MODEL_FILE))).toBe(true);
    expect(ours()).toHaveLength(1);
    const report = readFileSync(join(job.out, EXPECTED_FILES['report-path']), 'utf8').trim();
    expect(result.summary).toContain(report);
    expect(comment?.body).toContain(report.split('\n')[0]);
    // The runner takes no commands while the run prints, so its sections are there without one.
    for (const stage of ['inherit', 'train', 'evaluate trained'])
      expect(result.log).toMatch(new RegExp(`^##\\[group\\]${stage}$[\\s\\S]*?^##\\[endgroup\\]$`, 'm'));
    expect(result.log).not.toMatch(/^::(end)?group::/m);

    expect(comment?.body).toMatch(
      new RegExp(`^<!-- inheritune-action key=Models.quickstart head=${HEAD} run=10 attempt=1 -->`),
    );

    expect(github.repository.requests.every(({ headers }) => headers.authorization?.endsWith(TOKEN))).toBe(
      true,
    );
    expect(result.log.replace(`::add-mask::${TOKEN}`, '')).not.toContain(TOKEN);
    expect(result.summary + String(comment?.body)).not.toContain(TOKEN);
    // What a workflow may upload, and what later steps read.
    const files = readdirSync(job.folder, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    expect(files.length).toBeGreaterThan(10);
    const telling = files
      .map((file) => join(file.parentPath, file.name))
      .filter((file) => readFileSync(file).includes(TOKEN));
    expect(telling).toEqual([]);
  });
});

describe('a recipe that is refused', () => {
  it("fails with the run's own words and says so on the pull request", async () => {
    const result = await runMisspelt(10);
    expect(result.exitCode, result.log).toBe(2);
    expect(result.outputs['outcome']).toBe('badInput');
    expect(result.log).toMatch(/::error::Wrong input: .*trian/);
    expect(result.summary).toContain('Wrong input');
    expect(ours()[0]?.body).toContain('Wrong input');
  });

  it('on a fork with a read-only token: a warning, the summary, and the same exit code', async () => {
    github.repository.faults.push({ kind: 'readOnlyToken', path: /^\/repos/ });
    const result = await runMisspelt(10, {
      event: 'pull-request-fork',
      runnerEnvironment: 'github-hosted',
    });
    expect(result.exitCode, result.log).toBe(2);
    expect(result.log).toMatch(/::warning::No comment was written: .*The token may only read/);
    expect(result.summary).toContain('Wrong input');
    expect(result.outputs['comment-url']).toBe('');
  });

  it("does not overwrite a newer run's comment", async () => {
    await runMisspelt(11);
    const [before] = ours().map(({ body }) => body);
    removeJob(job);
    const result = await runMisspelt(10);
    expect(result.log).toMatch(/::notice::The comment already holds the result of a newer run \(11\)/);
    expect(ours().map(({ body }) => body)).toEqual([before]);
  });

  it('a summary that cannot be written is a warning', async () => {
    const usual = createJob({ ...defaults(), inputs: { recipe: misspeltRecipe(), 'github-token': TOKEN } });
    job = { ...usual, env: { ...usual.env, GITHUB_STEP_SUMMARY: usual.folder } };
    const result = await startStep(job, 'main').ended;
    expect(result.log).toMatch(/::warning::The job summary was not written: EISDIR/);
    expect(result.outputs['outcome']).toBe('badInput');
    expect(ours()).toHaveLength(1);
  });
});

describe('before the run', () => {
  it('code from a fork is refused on a self-hosted runner', async () => {
    const result = await run({ runId: 10, event: 'pull-request-fork', inputs: { recipe: RECIPE } });
    expect(result.exitCode).toBe(1);
    expect(result.outputs['outcome']).toBe('refused');
    expect(result.log).toMatch(/::error::Refused: Code from the fork mallory\/models/);
    expect(result.state).not.toHaveProperty('group');
    // The refusal is said in the check run and nowhere else.
    expect(github.repository.checks).toMatchObject([{ conclusion: 'failure', title: 'Refused' }]);
    expect(ours()).toEqual([]);
    expect(existsSync(job.out)).toBe(false);
  });

  it.skipIf(hasGpu)(
    'a machine without the GPU that is asked for is neutral: nothing computed, exit code 0',
    async () => {
      const result = await run({ runId: 10, inputs: { recipe: RECIPE, device: 'cuda', comment: 'never' } });
      expect(result.exitCode, result.log).toBe(0);
      expect(result.outputs['outcome']).toBe('wrongMachine');
      expect(result.log).toMatch(/::notice::Wrong machine: .*nvidia-smi lists no GPU/);
      expect(github.repository.checks).toMatchObject([{ conclusion: 'neutral', title: 'Wrong machine' }]);
      expect(existsSync(job.out)).toBe(false);
    },
  );

  it('wrong inputs are named', async () => {
    const result = await run({ runId: 10, inputs: { recipe: '', device: 'gpu' } });
    expect(result.exitCode).toBe(2);
    expect(result.outputs['outcome']).toBe('badInput');
    expect(result.log).toMatch(
      /::error::The action's inputs are not usable: recipe is empty.*device is "gpu"/,
    );
  });
});

type RunOptions = Partial<JobOptions> & { readonly inputs: Readonly<Record<string, string>> };

function defaults(): JobOptions {
  return {
    apiUrl: github.apiUrl,
    eventName: 'pull_request',
    event: 'pull-request',
    runId: 10,
    runnerEnvironment: 'self-hosted',
    inputs: {},
  };
}

function start(options: RunOptions): RunningStep {
  job = createJob({ ...defaults(), ...options, inputs: { 'github-token': TOKEN, ...options.inputs } });
  return startStep(job, 'main');
}

function run(options: RunOptions): Promise<StepResult> {
  return start(options).ended;
}

/** Needs the real command line, but no engine: the recipe is refused when it is read. */
function runMisspelt(runId: number, options: Partial<JobOptions> = {}): Promise<StepResult> {
  return run({ ...options, runId, inputs: { recipe: misspeltRecipe() } });
}

function misspeltRecipe(): string {
  const path = join(recipes, 'misspelt.yml');
  writeFileSync(path, 'reference: { model: ./none }\ninherit: { layers: 1 }\ntrian: { steps: 1 }\n');
  return path;
}

function ours(): FakeGitHub['repository']['comments'] {
  return github.repository.commentsOn(PULL).filter(({ login }) => login === 'github-actions[bot]');
}
