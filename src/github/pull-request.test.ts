import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readEvent } from './pull-request.ts';

const HEAD = '6dcb09b5b57875f334f61aebed695e2e4193db5e';
const RUNNER_SHA = 'c'.repeat(40);

describe('readEvent', () => {
  it.each([
    ['pull_request', 'pull-request', { headSha: HEAD, origin: 'sameRepository', pullRequestNumber: 7 }],
    ['pull_request', 'pull-request-fork', { headSha: HEAD, origin: 'fork', forkName: 'mallory/models' }],
    ['pull_request', 'pull-request-deleted-fork', { headSha: HEAD, origin: 'fork', forkName: undefined }],
    [
      'pull_request_target',
      'pull-request',
      { headSha: HEAD, origin: 'sameRepository', pullRequestNumber: 7 },
    ],
    ['pull_request_target', 'pull-request-fork', { origin: 'fork', pullRequestNumber: 7 }],
    ['workflow_run', 'workflow-run', { headSha: HEAD, origin: 'sameRepository', pullRequestNumber: 7 }],
    [
      'workflow_run',
      'workflow-run-fork',
      {
        ...{ headSha: HEAD, origin: 'fork', pullRequestNumber: undefined },
        pullRequestHead: { repository: 'mallory/models', branch: 'keep-13' },
      },
    ],
    ['push', 'push', { headSha: HEAD, origin: 'sameRepository', pullRequestNumber: undefined }],
    ['schedule', 'schedule', { headSha: RUNNER_SHA, origin: 'sameRepository', pullRequestNumber: undefined }],
    ['workflow_dispatch', 'workflow-dispatch', { headSha: RUNNER_SHA, origin: 'sameRepository' }],
    ['merge_group', 'merge-group', { headSha: HEAD, origin: 'sameRepository', pullRequestNumber: 7 }],
    ['issue_comment', 'issue-comment', { headSha: RUNNER_SHA, origin: 'unknown', pullRequestNumber: 7 }],
  ])('%s from %s.json', (eventName, file, expected) => {
    expect(readEvent(eventName, payload(file), RUNNER_SHA)).toMatchObject({ eventName, ...expected });
  });

  it('reads a schedule whose payload is empty', () => {
    expect(readEvent('schedule', {}, RUNNER_SHA)).toMatchObject({ headSha: RUNNER_SHA });
  });

  it('takes a fork that differs only in case from its base for the base', () => {
    const event = JSON.parse(JSON.stringify(payload('pull-request'))) as {
      pull_request: { head: { repo: { full_name: string } } };
    };
    event.pull_request.head.repo.full_name = 'Octo/Models';
    expect(readEvent('pull_request', event, RUNNER_SHA).origin).toBe('sameRepository');
  });

  it.each([
    ['pull_request', {}, 'pull_request'],
    ['pull_request', { pull_request: { number: 7, head: { sha: 'x' } } }, 'pull_request.head.sha'],
    ['push', { after: 42 }, 'after'],
    ['push', null, 'content'],
  ])('names the field that a %s payload lacks: %j', (eventName, event, field) => {
    expect(() => readEvent(eventName, event, RUNNER_SHA)).toThrow(
      `${eventName} event has no usable ${field}`,
    );
  });
});

function payload(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../test/github/events/${file}.json`, import.meta.url), 'utf8'));
}
