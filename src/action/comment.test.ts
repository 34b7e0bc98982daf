import { expect, it } from 'vitest';
import { decideComment } from './comment.ts';
import type { CommentMode } from './inputs.ts';
import type { Outcome } from './outcome-text.ts';

const SUCCEEDED: Outcome = { kind: 'succeeded' };
const FAILED: Outcome = { kind: 'failed', exitCode: 1, message: '' };
const CANCELLED: Outcome = { kind: 'interrupted', by: 'runner', isResumable: true };
const REFUSED: Outcome = { kind: 'refused', reason: '' };

it.each<[CommentMode, string, number | undefined, Outcome, 'comment' | 'quiet' | 'warning']>([
  ['auto', 'pull_request', 7, SUCCEEDED, 'comment'],
  ['auto', 'pull_request', 7, FAILED, 'comment'],
  ['auto', 'pull_request_target', 7, SUCCEEDED, 'comment'],
  ['auto', 'workflow_run', 7, SUCCEEDED, 'comment'],
  ['auto', 'workflow_run', undefined, SUCCEEDED, 'quiet'],
  ['auto', 'merge_group', 7, SUCCEEDED, 'quiet'],
  ['auto', 'push', undefined, SUCCEEDED, 'quiet'],
  ['auto', 'schedule', undefined, SUCCEEDED, 'quiet'],
  ['auto', 'pull_request', 7, CANCELLED, 'quiet'],
  ['auto', 'pull_request', 7, REFUSED, 'quiet'],
  ['always', 'merge_group', 7, SUCCEEDED, 'comment'],
  ['always', 'push', undefined, SUCCEEDED, 'warning'],
  ['never', 'pull_request', 7, SUCCEEDED, 'quiet'],
])('comment: %s on %s of #%s with %j: %s', (comment, eventName, pullRequestNumber, outcome, expected) => {
  const event = {
    eventName,
    headSha: '',
    origin: 'sameRepository',
    forkName: undefined,
    pullRequestNumber,
  } as const;
  const decision = decideComment({ comment, token: 'secret' }, { outcome, event });
  expect(decision.comment ? 'comment' : decision.isExpected ? 'quiet' : 'warning').toBe(expected);
});

it('an empty token is a warning', () => {
  const event = {
    eventName: 'pull_request',
    headSha: '',
    origin: 'sameRepository',
    forkName: undefined,
    pullRequestNumber: 7,
  } as const;
  expect(decideComment({ comment: 'auto', token: '' }, { outcome: SUCCEEDED, event })).toEqual({
    comment: false,
    reason: 'github-token is empty',
    isExpected: false,
  });
});
