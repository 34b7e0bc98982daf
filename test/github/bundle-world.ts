import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import type { Job, JobOptions, RunningStep, StepResult } from './action-runner.ts';
import { createJob, removeJob, ROOT, startStep } from './action-runner.ts';
import type { FakeComment, FakeRepository } from './fake-github-state.ts';
import type { FakeGitHub, FakeOptions } from './fake-github.ts';
import { startFakeGitHub } from './fake-github.ts';

// The real bundles on Node 24, with a stand-in for the command line that ends as each test asks: what the action says of a run
// does not depend on how long the run takes.

export const RECIPE = 'test/fixtures/recipes/action.yml';
export const TOKEN = 'ghs_0123456789abcdefghij';
export const PULL = 7;
export const HEAD = '6dcb09b5b57875f334f61aebed695e2e4193db5e';
export const BOT = 'github-actions[bot]';

export type WorldJob = Partial<Omit<JobOptions, 'inputs'>> & {
  readonly inputs?: Readonly<Record<string, string>>;
  /** How the stand-in ends, and what else it is told. */
  readonly actAs?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** A GitHub of its own, and jobs that talk to it. */
export interface World {
  readonly github: FakeGitHub;
  readonly repository: FakeRepository;
  create(options?: WorldJob): Job;
  step(job: Job, name: 'pre' | 'main' | 'post', state?: Readonly<Record<string, string>>): RunningStep;
  /** Runs the main step of a new job. */
  main(options?: WorldJob): Promise<StepResult>;
  /** The action's comments on the pull request. */
  comments(): FakeComment[];
  close(): Promise<void>;
}

/** With `realCommands` the bundles run the real command line. */
export async function openWorld(options: FakeOptions & { realCommands?: boolean } = {}): Promise<World> {
  const copied = options.realCommands === true ? undefined : copyBundles();
  const bundles = copied ?? join(ROOT, 'dist');
  const github = await startFakeGitHub({ repository: 'octo/models', ...options });
  const { repository } = github;
  repository.tokens.set(TOKEN, BOT);
  repository.heads.set(PULL, HEAD);
  const jobs: Job[] = [];
  const create = ({ inputs, actAs = 'good', env, ...rest }: WorldJob = {}): Job => {
    const made = createJob({
      apiUrl: github.apiUrl,
      eventName: 'pull_request',
      event: 'pull-request',
      runId: 10,
      runnerEnvironment: 'self-hosted',
      ...rest,
      inputs: { recipe: RECIPE, preflight: 'false', 'github-token': TOKEN, ...inputs },
    });
    const job = { ...made, env: { ...made.env, ACT_AS: actAs, ...env } };
    jobs.push(job);
    return job;
  };
  const step: World['step'] = (job, name, state = {}) => startStep(job, name, state, join(bundles, 'action'));
  return {
    ...{ github, repository, create, step },
    main: (given) => step(create(given), 'main').ended,
    comments: () => repository.commentsOn(PULL).filter(({ login }) => login === BOT),
    close: async () => {
      await github.stop();
      jobs.forEach(removeJob);
      if (copied !== undefined) rmSync(copied, { recursive: true, force: true });
    },
  };
}

/** Each test has a world of its own: they mostly wait, and may do so side by side. */
export const it = test.extend<{ world: World }>({
  // eslint-disable-next-line no-empty-pattern -- how fixtures are declared
  world: async ({}, use) => {
    const world = await openWorld();
    await use(world);
    await world.close();
  },
});

/** The log of the stand-in begins. */
export async function childStarted(running: RunningStep): Promise<void> {
  await running.seen(/acting as/);
}

function copyBundles(): string {
  const bundles = mkdtempSync(join(tmpdir(), 'inheritune-bundles-'));
  for (const folder of ['action', 'cli']) mkdirSync(join(bundles, folder));
  for (const step of ['pre', 'main', 'post']) {
    const source = join(ROOT, 'dist/action', `${step}.js`);
    if (!existsSync(source)) throw new Error(`${source} is missing: run "npm run build" before this test.`);
    copyFileSync(source, join(bundles, 'action', `${step}.js`));
  }
  copyFileSync(fileURLToPath(new URL('programs/act-as.mjs', import.meta.url)), join(bundles, 'cli/main.js'));
  writeFileSync(join(bundles, 'package.json'), '{"type":"module"}');
  return bundles;
}
