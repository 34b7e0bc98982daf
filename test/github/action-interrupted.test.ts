import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { inRepository } from '../support/repository.ts';
import type { Job, RunningStep } from './action-runner.ts';
import { readCommandFile } from './action-runner.ts';
import type { World } from './bundle-world.ts';
import { openWorld } from './bundle-world.ts';
import { isGroupAlive } from './process-state.ts';

// The real bundles with the real command line and a run of a few seconds.

vi.setConfig({ testTimeout: 300_000 });

let world: World;
beforeEach(async () => {
  world = await openWorld({ realCommands: true });
});
afterEach(() => world.close());

describe('a run that does not end by itself', () => {
  it('is stopped with the job, which waits for it and leaves the comment to its successor', async () => {
    const job = world.create();
    const step = world.step(job, 'main');
    await childStarted(step, job);
    step.process.kill('SIGINT');
    const result = await step.ended;
    // 1 when it was stopped before it had anything to continue from.
    expect([75, 1], result.log).toContain(result.exitCode);
    expect(result.outputs['outcome']).toBe('interrupted');
    expect(isGroupAlive(groupOf(result.state))).toBe(false);
    expect(world.comments()).toEqual([]);
  });

  it('keeps its checkpoint when it is cancelled, and the next run of the recipe goes on from what the workflow saves of it', async () => {
    const out = mkdtempSync(join(tmpdir(), 'inheritune-out-'));
    const next = mkdtempSync(join(tmpdir(), 'inheritune-next-'));
    const inputs = { comment: 'never', out, set: 'train.steps=1200' };
    try {
      const job = world.create({ inputs });
      const step = world.step(job, 'main');
      await childStarted(step, job);
      while (readLog(out).length < 20) await sleep(50);
      step.process.kill('SIGINT');
      // As a runner does; by then this small run has long ended.
      const harder = setTimeout(() => step.process.kill('SIGTERM'), 7_500);
      const cancelled = await step.ended;
      clearTimeout(harder);
      expect(cancelled.exitCode, cancelled.log).toBe(75);
      expect(cancelled.outputs['outcome']).toBe('interrupted');
      expect(cancelled.summary).toContain('to continue from its checkpoint');
      const done = readLog(out).length;
      expect(done).toBeLessThan(1200);

      // A fresh runner, whose disk has nothing but what the cache step of the reusable workflow brings.
      const saved = execFileSync(
        'bash',
        ['-O', 'nullglob', '-c', `printf '%s\\n' ${savedPaths().join(' ')}`],
        {
          cwd: out,
          encoding: 'utf8',
        },
      );
      const paths = saved
        .trim()
        .split('\n')
        .filter((path) => existsSync(join(out, path)));
      expect(paths).toEqual([expect.stringMatching(/^checkpoints\/step-\d{8}$/), 'train.jsonl']);
      for (const path of paths) cpSync(join(out, path), join(next, path), { recursive: true });
      const second = await world.main({ runId: 11, inputs: { ...inputs, out: next } });
      expect(second.exitCode, second.log).toBe(0);
      expect(second.log).toContain(`resumed from the checkpoint after step ${String(done)}`);
      expect(readLog(next).map(({ step: number }) => number)).toEqual(
        Array.from({ length: 1200 }, (_, index) => index + 1),
      );
      // A training that ended leaves nothing to save.
      expect(existsSync(join(next, 'checkpoints'))).toBe(false);
    } finally {
      for (const folder of [out, next]) rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is not green when something kills it', async () => {
    const job = world.create();
    const step = world.step(job, 'main');
    await childStarted(step, job);
    process.kill(-groupOf(savedState(job)), 'SIGKILL');
    const result = await step.ended;
    expect(result.exitCode, result.log).toBe(1);
    expect(result.outputs['outcome']).toMatch(/^(killed|outOfMemory)$/);
    expect(world.comments()[0]?.body).toMatch(/Inheritune: (Killed|Out of memory)/);
  });

  it('is ended by the post step when the main step itself was killed', async () => {
    const job = world.create();
    const step = world.step(job, 'main');
    await childStarted(step, job);
    const state = savedState(job);
    // Stopped it hangs, as in a driver call: otherwise it might end by itself once nobody reads what it prints.
    process.kill(-groupOf(state), 'SIGSTOP');
    step.process.kill('SIGKILL');
    await sleep(500);
    expect(isGroupAlive(groupOf(state))).toBe(true);
    const post = await world.step(job, 'post', state).ended;
    expect(post.exitCode, post.log).toBe(0);
    expect(post.log).toContain('::warning::Processes of the run were still there');
    await step.ended;
    expect(isGroupAlive(groupOf(state))).toBe(false);
  });

  it('the post step of a job without left-overs says nothing', async () => {
    const post = await world.step(world.create(), 'post', { group: '999999', mark: 'gone' }).ended;
    expect(post).toMatchObject({ exitCode: 0, log: '' });
  });
});

/** What the reusable workflow saves of a training that did not end, relative to the run's folder. */
function savedPaths(): string[] {
  const { jobs } = parse(readFileSync(inRepository('.github/workflows/inheritune.yml'), 'utf8')) as {
    jobs: { train: { steps: { uses?: string; with?: { path?: string } }[] } };
  };
  const save = jobs.train.steps.find(({ uses }) => uses?.startsWith('actions/cache/save@'));
  const folder = 'runs/${{ matrix.variant.name }}/';
  return save!
    .with!.path!.trim()
    .split('\n')
    .map((path) => {
      expect(path).toContain(folder);
      return path.replace(folder, '');
    });
}

/** The training's log, as far as it goes. */
function readLog(out: string): { readonly step: number }[] {
  const file = join(out, 'train.jsonl');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as { step: number });
}

/** The log is closed for commands when the child starts; the pause lets it get to work. */
async function childStarted(step: RunningStep, job: Job): Promise<void> {
  await step.seen(/::stop-commands::/);
  while (savedState(job)['mark'] === undefined) await sleep(20);
  await sleep(300);
}

function savedState(job: Job): Record<string, string> {
  return readCommandFile(job.env['GITHUB_STATE']!);
}

function groupOf(state: Readonly<Record<string, string>>): number {
  const group = Number(state['group']);
  expect(group).toBeGreaterThan(1);
  return group;
}
