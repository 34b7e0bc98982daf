import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Job, JobOptions, RunningStep, StepResult } from './action-runner.ts';
import { createJob, readCommandFile, removeJob, ROOT, startStep } from './action-runner.ts';
import type { FakeGitHub } from './fake-github.ts';
import { startFakeGitHub } from './fake-github.ts';

// The real bundles on Node 24, with a stand-in for the command line that ends as each test asks: what the action says of a run
// does not depend on how long the run takes.

const RECIPE = 'test/fixtures/recipes/action.yml';
const TOKEN = 'ghs_0123456789abcdefghij';
const PULL = 7;
const HEAD = '6dcb09b5b57875f334f61aebed695e2e4193db5e';

let bundles: string;
let github: FakeGitHub;
let job: Job;

beforeAll(() => {
  bundles = mkdtempSync(join(tmpdir(), 'inheritune-bundles-'));
  for (const folder of ['action', 'cli']) mkdirSync(join(bundles, folder));
  for (const step of ['pre', 'main', 'post']) {
    const source = join(ROOT, 'dist/action', `${step}.js`);
    if (!existsSync(source)) throw new Error(`${source} is missing: run "npm run build" before this test.`);
    copyFileSync(source, join(bundles, 'action', `${step}.js`));
  }
  copyFileSync(fileURLToPath(new URL('programs/act-as.mjs', import.meta.url)), join(bundles, 'cli/main.js'));
  writeFileSync(join(bundles, 'package.json'), '{"type":"module"}');
});
afterAll(() => {
  rmSync(bundles, { recursive: true, force: true });
});
beforeEach(async () => {
  github = await startFakeGitHub({ repository: 'octo/models' });
  github.repository.tokens.set(TOKEN, 'github-actions[bot]');
  github.repository.heads.set(PULL, HEAD);
});
afterEach(async () => {
  await github.stop();
  removeJob(job);
});

describe('each event', () => {
  it.each([
    // event, payload -> a comment?
    ['pull_request', 'pull-request', true],
    ['workflow_run', 'workflow-run', true],
    ['push', 'push', false],
    ['schedule', 'schedule', false],
    ['workflow_dispatch', 'workflow-dispatch', false],
    ['merge_group', 'merge-group', false],
  ])('%s ends in a check run and a summary (%s)', async (eventName, event, hasComment) => {
    const result = await main({ eventName, event }, 'good');
    expect(result.exitCode, result.log).toBe(0);
    expect(result.summary).toContain('## What the run wrote');
    expect(github.repository.checks).toMatchObject([
      {
        name: 'Inheritune (Models.quickstart)',
        status: 'completed',
        conclusion: 'success',
        title: 'Succeeded',
      },
    ]);
    expect(ours()).toHaveLength(hasComment ? 1 : 0);
    expect(result.outputs).toMatchObject({
      ...{ outcome: 'succeeded', verdict: 'none', 'run-id': '10-1-default' },
      scores: '{"trained":{"piqa":{"status":"scored","docs":4,"metrics":{"acc":0.5,"acc_stderr":0.25}}}}',
      'check-url': expect.stringContaining('/octo/models/runs/') as string,
    });
  });

  it('pull_request from a fork on a hosted runner: read-only token, two warnings, and the exit code of the run', async () => {
    github.repository.faults.push({ kind: 'readOnlyToken', path: /^\/repos/ });
    const fork = { event: 'pull-request-fork', runnerEnvironment: 'github-hosted' } as const;
    const result = await main(fork, 'good');
    expect(result.exitCode, result.log).toBe(0);
    expect(result.log).toMatch(/::warning::The check run was not started: .*checks: write/);
    expect(result.log).toMatch(/::warning::No comment was written/);
    expect(result.log.match(/::warning::The check run/g)).toHaveLength(1);
    expect(result.summary).toContain('## What the run wrote');
  });

  it('pull_request from a fork on a self-hosted runner: refused, and run once a reviewer approved this run', async () => {
    const fork = { event: 'pull-request-fork', inputs: { 'allow-forks': 'true', comment: 'never' } };
    const refused = await main(fork, 'good');
    expect(refused.outputs['outcome']).toBe('refused');
    expect(refused.exitCode).toBe(1);
    removeJob(job);
    github.repository.reviews.push({
      runId: 10,
      environment: 'inheritune-fork',
      state: 'approved',
      login: 'ada',
    });
    const allowed = await main(fork, 'good');
    expect(allowed.exitCode, allowed.log).toBe(0);
    expect(allowed.log).toMatch(
      /::warning::Code from the fork mallory\/models runs .* ada approved this run/,
    );
  });
});

/** A comment takes six seconds, most of them waiting for other runs' writes. */
const COMMENTED: ReadonlySet<string> = new Set(['hung', 'partlyMissing']);

describe('a run that ends badly is never green', () => {
  it.each([
    ['killed', 1, 'Killed', /SIGKILL/],
    ['hung', 1, 'Hung', /no sign of life/],
    ['outOfMemory', 1, 'Out of memory', /OOM when allocating/],
    ['notANumber', 1, 'Not a number', /loss of NaN/],
    ['empty', 1, 'Empty', /scored no task/],
    ['partlyMissing', 1, 'Partly missing', /wnli of trained/],
    ['interrupted', 75, 'Interrupted', /continue from its checkpoint/],
    ['crashed', 1, 'Crashed', /SIGSEGV/],
  ])('%s: exit code %i, "%s"', async (actAs, exitCode, title, detail) => {
    const comment = COMMENTED.has(actAs) ? 'auto' : 'never';
    const result = await main(
      { inputs: { comment, 'stall-minutes': actAs === 'hung' ? '0.02' : '60' } },
      actAs,
    );
    expect(result.exitCode, result.log).toBe(exitCode);
    // The kernel's counter may tell a kill by the out-of-memory killer elsewhere on the machine.
    expect(result.outputs['outcome']).toMatch(
      actAs === 'killed' ? /^(killed|outOfMemory)$/ : new RegExp(`^${actAs}$`),
    );
    if (actAs === 'killed') return;
    expect(github.repository.checks).toMatchObject([{ status: 'completed', conclusion: 'failure', title }]);
    expect(result.summary).toMatch(detail);
    if (comment === 'auto') expect(ours()[0]?.body).toContain(`Inheritune: ${title}`);
  });
});

describe('the steps around it', () => {
  it('pre announces the run, main ends it, post has nothing left to do', async () => {
    job = create({}, 'good');
    const pre = await step('pre').ended;
    expect(pre.exitCode, pre.log).toBe(0);
    expect(github.repository.checks).toMatchObject([{ status: 'in_progress', title: 'Started' }]);
    const done = await step('main', pre.state).ended;
    expect(done.exitCode, done.log).toBe(0);
    expect(github.repository.checks).toMatchObject([{ status: 'completed', conclusion: 'success' }]);
    const before = github.repository.requests.length;
    expect((await step('post', done.state).ended).log).toBe('');
    expect(github.repository.requests).toHaveLength(before);
  });

  it('post ends the check run of a main step that was killed', async () => {
    job = create({}, 'hung');
    const running = step('main');
    await childStarted(running);
    await killed(running);
    expect(github.repository.checks).toMatchObject([{ status: 'in_progress' }]);
    const post = await step('post', readCommandFile(job.env['GITHUB_STATE']!)).ended;
    expect(post.exitCode, post.log).toBe(0);
    expect(github.repository.checks).toMatchObject([
      { status: 'completed', conclusion: 'failure', title: 'Ended without a result' },
    ]);
  });

  it('pre ends what an earlier job of this runner left running', async () => {
    job = create({}, 'hung');
    const running = step('main');
    await childStarted(running);
    await killed(running);
    const pre = await step('pre').ended;
    expect(pre.log).toMatch(/::warning::An earlier job of this runner had left processes behind/);
    // Its output is closed only now that the run is gone.
    await running.ended;
  });

  it('a token that expires during the run: warnings, and the exit code of the run', async () => {
    job = create({ inputs: { 'stall-minutes': '0.02' } }, 'hung');
    const running = step('main');
    await childStarted(running);
    github.repository.tokens.delete(TOKEN);
    const result = await running.ended;
    expect(result.exitCode, result.log).toBe(1);
    expect(result.outputs['outcome']).toBe('hung');
    expect(result.log).toMatch(/::warning::The check run was not completed: .*older than its 24 hours/);
    expect(result.log).toMatch(/::warning::No comment was written: .*older than its 24 hours/);
  });

  it('check-run: never leaves no check run', async () => {
    await main({ inputs: { 'check-run': 'never', comment: 'never' } }, 'good');
    expect(github.repository.checks).toEqual([]);
  });
});

type Options = Partial<Omit<JobOptions, 'inputs'>> & { readonly inputs?: Readonly<Record<string, string>> };

function create(options: Options, actAs: string): Job {
  const made = createJob({
    apiUrl: github.apiUrl,
    eventName: 'pull_request',
    event: 'pull-request',
    runId: 10,
    runnerEnvironment: 'self-hosted',
    ...options,
    inputs: { recipe: RECIPE, preflight: 'false', 'github-token': TOKEN, ...options.inputs },
  });
  return { ...made, env: { ...made.env, ACT_AS: actAs } };
}

function main(options: Options, actAs: string): Promise<StepResult> {
  job = create(options, actAs);
  return step('main').ended;
}

function step(name: 'pre' | 'main' | 'post', state: Readonly<Record<string, string>> = {}): RunningStep {
  return startStep(job, name, state, join(bundles, 'action'));
}

async function childStarted(running: RunningStep): Promise<void> {
  await running.seen(/acting as/);
}

/** Kills the main step alone: the run goes on, and keeps its standard output open. */
async function killed(running: RunningStep): Promise<void> {
  const exited = once(running.process, 'exit');
  running.process.kill('SIGKILL');
  await exited;
}

function ours(): FakeGitHub['repository']['comments'] {
  return github.repository.commentsOn(PULL).filter(({ login }) => login === 'github-actions[bot]');
}
