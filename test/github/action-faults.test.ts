import { describe, expect } from 'vitest';
import { childStarted, it, TOKEN } from './bundle-world.ts';
import type { Fault } from './fake-github-state.ts';

// Whatever GitHub answers, the step's exit code is the run's, and what can be written is written once.

const comments = /\/comments$/;
const checks = /\/check-runs$/;

describe.concurrent('a fault of GitHub', () => {
  it.for<[string, Fault[]]>([
    [
      '403, secondary limit, with retry-after, on check run and comment',
      [
        { kind: 'secondaryLimit', seconds: 2, method: 'POST', path: checks, times: 1 },
        { kind: 'secondaryLimit', seconds: 2, method: 'POST', path: comments, times: 1 },
      ],
    ],
    ['422, body too long', [{ kind: 'tooLong', method: 'POST', path: comments, times: 1 }]],
    [
      '502 on reads and writes',
      [
        { kind: 'badGateway', method: 'GET', path: comments, times: 2 },
        { kind: 'badGateway', method: 'POST', path: comments, times: 1 },
        { kind: 'badGateway', method: 'POST', path: checks, times: 1 },
      ],
    ],
    ['slow answers', [{ kind: 'slow', seconds: 2, times: 6 }]],
    ['a broken connection', [{ kind: 'hangUp', method: 'POST', times: 2 }]],
    [
      'a create that took effect and answered 502: no duplicate',
      [
        { kind: 'badGatewayAfterEffect', method: 'POST', path: checks, times: 1 },
        { kind: 'badGatewayAfterEffect', method: 'POST', path: comments, times: 1 },
      ],
    ],
  ])('%s ends in one comment and one check run', { timeout: 60_000 }, async ([, faults], { world }) => {
    world.repository.faults.push(...faults.map((fault) => ({ ...fault })));
    const result = await world.main();
    expect(result.exitCode, result.log).toBe(0);
    expect(world.repository.faults.every(({ times }) => times === 0)).toBe(true);
    expect(world.comments()).toMatchObject([
      { body: expect.stringContaining('Inheritune: Succeeded') as string },
    ]);
    expect(world.repository.checks).toMatchObject([{ status: 'completed', conclusion: 'success' }]);
  });

  it('403, read-only token: warnings, the summary, and the exit code of the run', async ({ world }) => {
    world.repository.faults.push({ kind: 'readOnlyToken', path: /^\/repos/ });
    const result = await world.main({ actAs: 'partlyMissing' });
    expect(result.exitCode, result.log).toBe(1);
    expect(result.log).toMatch(/::warning::No comment was written: .*The token may only read/);
    expect(result.summary).toContain('Partly missing');
    expect(result.outputs).toMatchObject({ 'comment-url': '', 'check-url': '' });
  });

  it('401, a token that expires during the run: warnings, and the exit code of the run', async ({
    world,
  }) => {
    const inputs = { 'stall-minutes': '0.02' };
    const running = world.step(world.create({ inputs, actAs: 'hung' }), 'main');
    await childStarted(running);
    world.repository.tokens.delete(TOKEN);
    const result = await running.ended;
    expect(result.exitCode, result.log).toBe(1);
    expect(result.outputs['outcome']).toBe('hung');
    expect(result.log).toMatch(/::warning::The check run was not completed: .*older than its 24 hours/);
    expect(result.log).toMatch(/::warning::No comment was written: .*older than its 24 hours/);
  });
});
