import { describe, expect, it } from 'vitest';
import { decideForkPolicy, runnerEnvironment } from './fork-policy.ts';
import type { CodeOrigin } from './pull-request.ts';

describe('decideForkPolicy', () => {
  it.each([
    // event, origin, runner, allow-forks -> may it run
    ['pull_request', 'sameRepository', 'self-hosted', false, 'runs'],
    ['push', 'sameRepository', 'self-hosted', false, 'runs'],
    ['pull_request', 'fork', 'github-hosted', false, 'runs'],
    ['pull_request', 'fork', 'self-hosted', false, 'refused'],
    ['pull_request_target', 'fork', 'self-hosted', false, 'refused'],
    ['workflow_run', 'fork', 'self-hosted', false, 'refused'],
    ['issue_comment', 'unknown', 'self-hosted', false, 'refused'],
    ['pull_request', 'fork', 'self-hosted', true, 'runs with a warning'],
    ['issue_comment', 'unknown', 'self-hosted', true, 'runs with a warning'],
    ['pull_request_target', 'fork', 'github-hosted', false, 'runs with a warning'],
    ['workflow_run', 'fork', 'github-hosted', false, 'runs with a warning'],
  ] as const)(
    '%s, %s, %s, allow-forks %s: %s',
    (eventName, origin: CodeOrigin, runner, allowForks, expected) => {
      const forkName = origin === 'fork' ? 'mallory/models' : undefined;
      const decision = decideForkPolicy({ eventName, origin, forkName }, runner, allowForks);
      const seen = !decision.allowed
        ? 'refused'
        : decision.warning === undefined
          ? 'runs'
          : 'runs with a warning';
      expect(seen).toBe(expected);
    },
  );

  it('says whose code was refused, why, and what to do', () => {
    const event = { eventName: 'pull_request', origin: 'fork', forkName: 'mallory/models' } as const;
    expect(decideForkPolicy(event, 'self-hosted', false)).toEqual({
      allowed: false,
      reason: expect.stringMatching(
        /fork mallory\/models is not run on a self-hosted runner.*allow-forks: true/,
      ) as string,
    });
  });

  it.each([
    ['github-hosted', 'github-hosted'],
    ['self-hosted', 'self-hosted'],
    ['', 'self-hosted'],
    [undefined, 'self-hosted'],
    ['GitHub-Hosted', 'self-hosted'],
  ])('takes RUNNER_ENVIRONMENT %j for %s', (value, expected) => {
    expect(runnerEnvironment(value)).toBe(expected);
  });
});
