import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import type { RunningStep } from './action-runner.ts';
import { readCommandFile } from './action-runner.ts';
import { childStarted, it } from './bundle-world.ts';

/** A comment takes six seconds, most of them waiting for other runs' writes. */
const COMMENTED: ReadonlySet<string> = new Set(['hung', 'partlyMissing']);

describe.concurrent('a run that ends badly is never green', () => {
  it.for([
    ['killed', 1, 'Killed', /SIGKILL/],
    ['hung', 1, 'Hung', /no sign of life/],
    ['outOfMemory', 1, 'Out of memory', /train\.microBatch to 2 and train\.accumulate to 4/],
    ['notANumber', 1, 'Not a number', /loss of NaN/],
    ['empty', 1, 'Empty', /scored no task/],
    ['partlyMissing', 1, 'Partly missing', /wnli of trained/],
    ['interrupted', 75, 'Interrupted', /continue from its checkpoint/],
    ['crashed', 1, 'Crashed', /SIGSEGV/],
  ] as const)('%s: exit code %i, "%s"', async ([actAs, exitCode, title, detail], { world }) => {
    const comment = COMMENTED.has(actAs) ? 'auto' : 'never';
    const inputs = { comment, 'stall-minutes': actAs === 'hung' ? '0.02' : '60' };
    const result = await world.main({ inputs, actAs });
    expect(result.exitCode, result.log).toBe(exitCode);
    // The kernel's counter may tell a kill by the out-of-memory killer elsewhere on the machine.
    expect(result.outputs['outcome']).toMatch(
      actAs === 'killed' ? /^(killed|outOfMemory)$/ : new RegExp(`^${actAs}$`),
    );
    if (actAs === 'killed') return;
    expect(world.repository.checks).toMatchObject([{ status: 'completed', conclusion: 'failure', title }]);
    expect(result.summary).toMatch(detail);
    if (comment === 'auto') expect(world.comments()[0]?.body).toContain(`Inheritune: ${title}`);
  });
});

describe.concurrent('a secret that the run was given and printed', () => {
  it('is in no comment, check run, summary or output', async ({ world }) => {
    const HF_TOKEN = 'hf_abcdefghijklmnop';
    const result = await world.main({ actAs: 'tellsSecret', env: { HF_TOKEN } });
    expect(result.exitCode, result.log).toBe(1);
    const [comment] = world.comments();
    const [check] = world.repository.checks;
    for (const page of [comment?.body, check?.summary, result.summary]) expect(page).toContain('401 for');
    const written = JSON.stringify([
      world.comments(),
      world.repository.checks,
      result.summary,
      result.outputs,
    ]);
    expect(written).not.toContain(HF_TOKEN);
  });
});

describe.concurrent('a cancelled job', () => {
  it('is told twice, as a runner does, and waits for the checkpoint', async ({ world }) => {
    const running = world.step(world.create({ actAs: 'slowCheckpoint' }), 'main');
    await childStarted(running);
    running.process.kill('SIGINT');
    await sleep(7_500);
    running.process.kill('SIGTERM');
    const result = await running.ended;
    expect(result.exitCode, result.log).toBe(75);
    expect(result.outputs['outcome']).toBe('interrupted');
    expect(result.log).toMatch(/stopping on SIGINT[\s\S]*stopping on SIGTERM[\s\S]*checkpoint written/);
    expect(world.repository.checks).toMatchObject([{ conclusion: 'failure', title: 'Interrupted' }]);
    // The run that replaces it will comment.
    expect(world.comments()).toEqual([]);
  }, 30_000);
});

describe.concurrent('the steps around it', () => {
  it('pre announces the run, main ends it, post has nothing left to do', async ({ world }) => {
    const job = world.create();
    const pre = await world.step(job, 'pre').ended;
    expect(pre.exitCode, pre.log).toBe(0);
    expect(world.repository.checks).toMatchObject([{ status: 'in_progress', title: 'Started' }]);
    const done = await world.step(job, 'main', pre.state).ended;
    expect(done.exitCode, done.log).toBe(0);
    expect(world.repository.checks).toMatchObject([{ status: 'completed', conclusion: 'success' }]);
    const before = world.repository.requests.length;
    expect((await world.step(job, 'post', done.state).ended).log).toBe('');
    expect(world.repository.requests).toHaveLength(before);
  });

  it('the check run shows step, loss and time left while the run trains', async ({ world }) => {
    const running = world.step(
      world.create({ actAs: 'training', inputs: { comment: 'never', set: 'train.steps=1000' } }),
      'main',
    );
    await childStarted(running);
    for (let waitedMs = 0; waitedMs < 40_000; waitedMs += 500) {
      await sleep(500);
      if (world.repository.checks[0]?.title.startsWith('Training')) break;
    }
    expect(world.repository.checks).toMatchObject([
      {
        status: 'in_progress',
        title: expect.stringMatching(/^Training: step \d+ of 1,000, loss 4\.321, \d+ min left$/) as string,
      },
    ]);
    running.process.kill('SIGINT');
    await running.ended;
    // Start, the one progress of the first 60 s, and the conclusion.
    expect(world.repository.writes()).toHaveLength(3);
  }, 60_000);

  it('post ends the check run of a main step that was killed', async ({ world }) => {
    const job = world.create({ actAs: 'hung' });
    const running = world.step(job, 'main');
    await childStarted(running);
    await killed(running);
    expect(world.repository.checks).toMatchObject([{ status: 'in_progress' }]);
    const post = await world.step(job, 'post', readCommandFile(job.env['GITHUB_STATE']!)).ended;
    expect(post.exitCode, post.log).toBe(0);
    expect(world.repository.checks).toMatchObject([
      { status: 'completed', conclusion: 'failure', title: 'Ended without a result' },
    ]);
  });

  it('pre ends what an earlier job of this runner left running', async ({ world }) => {
    const job = world.create({ actAs: 'hung' });
    const running = world.step(job, 'main');
    await childStarted(running);
    await killed(running);
    const pre = await world.step(job, 'pre').ended;
    expect(pre.log).toMatch(/::warning::An earlier job of this runner had left processes behind/);
    // Its output is closed only now that the run is gone.
    await running.ended;
  });

  it('check-run: never leaves no check run', async ({ world }) => {
    await world.main({ inputs: { 'check-run': 'never', comment: 'never' } });
    expect(world.repository.checks).toEqual([]);
  });
});

/** Kills the main step alone: the run goes on, and keeps its standard output open. */
async function killed(running: RunningStep): Promise<void> {
  const exited = once(running.process, 'exit');
  running.process.kill('SIGKILL');
  await exited;
}
