import { describe, expect } from 'vitest';
import { it, PULL } from './bundle-world.ts';

describe.concurrent('each event', () => {
  it.for([
    // event, payload -> a comment?
    ['pull_request', 'pull-request', true],
    ['workflow_run', 'workflow-run', true],
    ['push', 'push', false],
    ['schedule', 'schedule', false],
    ['workflow_dispatch', 'workflow-dispatch', false],
    ['merge_group', 'merge-group', false],
  ] as const)(
    '%s ends in a check run and a summary (%s, comment: %s)',
    async ([eventName, event, hasComment], { world }) => {
      const result = await world.main({ eventName, event });
      expect(result.exitCode, result.log).toBe(0);
      expect(result.summary).toContain('## What the run wrote');
      expect(world.repository.checks).toMatchObject([
        {
          ...{ name: 'Inheritune (Models.quickstart)', title: 'Succeeded' },
          ...{ status: 'completed', conclusion: 'success' },
        },
      ]);
      expect(world.comments()).toHaveLength(hasComment ? 1 : 0);
      expect(result.outputs).toMatchObject({
        ...{ outcome: 'succeeded', verdict: 'none', 'run-id': '10-1-default' },
        scores: '{"trained":{"piqa":{"status":"scored","docs":4,"metrics":{"acc":0.5,"acc_stderr":0.25}}}}',
        'check-url': expect.stringContaining('/octo/models/runs/') as string,
      });
    },
  );
});

describe.concurrent('code from a fork', () => {
  it('pull_request on a hosted runner: read-only token, two warnings, and the exit code of the run', async ({
    world,
  }) => {
    world.repository.faults.push({ kind: 'readOnlyToken', path: /^\/repos/ });
    const result = await world.main({ event: 'pull-request-fork', runnerEnvironment: 'github-hosted' });
    expect(result.exitCode, result.log).toBe(0);
    expect(result.log).toMatch(/::warning::The check run was not started: .*checks: write/);
    expect(result.log).toMatch(/::warning::No comment was written/);
    expect(result.log.match(/::warning::The check run/g)).toHaveLength(1);
    expect(result.summary).toContain('## What the run wrote');
  });

  it('pull_request on a self-hosted runner: refused, and run once a reviewer approved this run', async ({
    world,
  }) => {
    const fork = { event: 'pull-request-fork', inputs: { 'allow-forks': 'true', comment: 'never' } };
    const refused = await world.main(fork);
    expect(refused.outputs['outcome']).toBe('refused');
    expect(refused.exitCode).toBe(1);
    world.repository.reviews.push({
      ...{ runId: 10, environment: 'inheritune-fork', state: 'approved', login: 'ada' },
    });
    const allowed = await world.main(fork);
    expect(allowed.exitCode, allowed.log).toBe(0);
    expect(allowed.log).toMatch(
      /::warning::Code from the fork mallory\/models runs .* ada approved this run/,
    );
  });

  const afterRun = {
    ...{ eventName: 'workflow_run', event: 'workflow-run-fork' },
    runnerEnvironment: 'github-hosted',
  } as const;
  it('workflow_run: the payload names no pull request, and it is found by its branch and commit', async ({
    world,
  }) => {
    world.repository.origins.set(PULL, { name: 'mallory/models', branch: 'keep-13' });
    const result = await world.main(afterRun);
    expect(result.exitCode, result.log).toBe(0);
    expect(world.comments()).toHaveLength(1);
  });

  it('workflow_run: nothing is written once the pull request has moved on', async ({ world }) => {
    world.repository.origins.set(PULL, { name: 'mallory/models', branch: 'keep-13' });
    world.repository.heads.set(PULL, 'c'.repeat(40));
    const result = await world.main(afterRun);
    expect(result.exitCode, result.log).toBe(0);
    expect(result.log).toContain('no open pull request from mallory/models:keep-13 has this commit');
    expect(world.comments()).toEqual([]);
  });
});
