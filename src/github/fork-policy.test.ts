import { describe, expect, it } from 'vitest';
import type { ForkApproval } from './fork-approval.ts';
import { decideForkPolicy, needsApproval, runnerEnvironment } from './fork-policy.ts';
import type { CodeOrigin } from './pull-request.ts';

const APPROVED: ForkApproval = { state: 'approved', by: ['ada'] };
const NOT: ForkApproval = { state: 'notApproved' };
const UNKNOWN: ForkApproval = { state: 'unknown', reason: '403: Forbidden' };

describe('decideForkPolicy', () => {
  it.each([
    // event, origin, runner, opted in, approval -> may it run
    ['pull_request', 'sameRepository', 'self-hosted', false, undefined, 'runs'],
    ['push', 'sameRepository', 'self-hosted', false, undefined, 'runs'],
    ['pull_request', 'fork', 'github-hosted', false, undefined, 'runs'],
    ['pull_request', 'fork', 'self-hosted', false, undefined, 'refused'],
    ['pull_request', 'fork', 'self-hosted', false, APPROVED, 'refused'],
    ['pull_request_target', 'fork', 'self-hosted', false, APPROVED, 'refused'],
    ['workflow_run', 'fork', 'self-hosted', false, APPROVED, 'refused'],
    ['issue_comment', 'unknown', 'self-hosted', false, APPROVED, 'refused'],
    ['pull_request', 'fork', 'self-hosted', true, undefined, 'refused'],
    ['pull_request', 'fork', 'self-hosted', true, NOT, 'refused'],
    ['pull_request', 'fork', 'self-hosted', true, UNKNOWN, 'refused'],
    ['issue_comment', 'unknown', 'self-hosted', true, NOT, 'refused'],
    ['pull_request', 'fork', 'self-hosted', true, APPROVED, 'runs with a warning'],
    ['issue_comment', 'unknown', 'self-hosted', true, APPROVED, 'runs with a warning'],
    ['pull_request_target', 'fork', 'github-hosted', false, undefined, 'runs with a warning'],
    ['workflow_run', 'fork', 'github-hosted', false, undefined, 'runs with a warning'],
  ] as const)(
    '%s, %s, %s, opted in %s, approval %j: %s',
    (eventName, origin: CodeOrigin, runner, optedIn, approval, expected) => {
      const forkName = origin === 'fork' ? 'mallory/models' : undefined;
      const consent = { optedIn, approval, environment: 'gpu' };
      const decision = decideForkPolicy({ eventName, origin, forkName }, runner, consent);
      const seen = !decision.allowed
        ? 'refused'
        : decision.warning === undefined
          ? 'runs'
          : 'runs with a warning';
      expect(seen).toBe(expected);
    },
  );

  it.each([
    [
      false,
      undefined,
      /fork mallory\/models is not run on a self-hosted runner.*set allow-forks: true.*environment gpu/,
    ],
    [
      true,
      NOT,
      /allow-forks is true, but nobody approved this run for the environment gpu.*"environment: gpu"/,
    ],
    [true, UNKNOWN, /GitHub did not say whether it was approved \(403: Forbidden\).*actions: read/],
  ])('says whose code was refused, why, and what to do (opted in %s, %j)', (optedIn, approval, expected) => {
    const event = { eventName: 'pull_request', origin: 'fork', forkName: 'mallory/models' } as const;
    expect(decideForkPolicy(event, 'self-hosted', { optedIn, approval, environment: 'gpu' })).toEqual({
      allowed: false,
      reason: expect.stringMatching(expected) as string,
    });
  });

  it('asks GitHub for an approval only where it decides', () => {
    const fork = { eventName: 'pull_request', origin: 'fork', forkName: 'mallory/models' } as const;
    expect(needsApproval(fork, 'self-hosted', true)).toBe(true);
    expect(needsApproval(fork, 'self-hosted', false)).toBe(false);
    expect(needsApproval(fork, 'github-hosted', true)).toBe(false);
    expect(needsApproval({ ...fork, origin: 'sameRepository' }, 'self-hosted', true)).toBe(false);
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
