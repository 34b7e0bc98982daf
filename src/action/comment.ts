import { createClient } from '../github/client.ts';
import type { Clock, StickyCommentResult } from '../github/sticky-comment.ts';
import { syncStickyComment } from '../github/sticky-comment.ts';
import type { JobEnvironment } from './environment.ts';
import type { Settings } from './inputs.ts';
import { renderMessage } from './message.ts';
import type { ActionResult } from './run-action.ts';

/** Events that a reader of the pull request expects an answer to. */
const PULL_REQUEST_EVENTS: ReadonlySet<string> = new Set([
  'pull_request',
  'pull_request_target',
  'pull_request_review',
  'pull_request_review_comment',
  'workflow_run',
]);

/** Whether this result belongs on a pull request, or why not; pure. */
export type CommentDecision =
  | { readonly comment: true; readonly pullRequestNumber: number }
  /** `isExpected`: nobody who wrote these settings would wonder. */
  | { readonly comment: false; readonly reason: string; readonly isExpected: boolean };

export function decideComment(
  settings: Pick<Settings, 'comment' | 'token'>,
  result: Pick<ActionResult, 'outcome' | 'event'>,
): CommentDecision {
  const { outcome, event } = result;
  const no = (reason: string, isExpected: boolean): CommentDecision => ({
    comment: false,
    reason,
    isExpected,
  });
  if (settings.comment === 'never') return no('comment is "never"', true);
  if (outcome.kind === 'refused') return no('the run was refused', true);
  // The runner ends a cancelled job within seconds, and the run that replaces it will comment.
  if (outcome.kind === 'interrupted' && outcome.by === 'runner') return no('the job was cancelled', true);
  if (settings.comment === 'auto' && !PULL_REQUEST_EVENTS.has(event.eventName)) {
    return no(`a ${event.eventName} event has no pull request`, true);
  }
  if (event.pullRequestNumber === undefined) {
    return no(`this ${event.eventName} event names no pull request`, settings.comment === 'auto');
  }
  if (settings.token === '') return no('github-token is empty', false);
  return { comment: true, pullRequestNumber: event.pullRequestNumber };
}

/** Writes the result as the one comment under its key. */
export function writeComment(
  parts: {
    readonly settings: Settings;
    readonly job: JobEnvironment;
    readonly result: ActionResult;
    readonly clock: Clock;
    readonly onWait: (text: string) => void;
  },
  pullRequestNumber: number,
): Promise<StickyCommentResult> {
  const { settings, job, result, clock, onWait } = parts;
  return syncStickyComment({
    client: createClient({ token: settings.token, apiUrl: job.apiUrl, onWait }),
    owner: job.owner,
    repo: job.repo,
    pullRequestNumber,
    stamp: {
      key: settings.commentKey,
      headSha: result.event.headSha,
      runId: job.runId,
      runAttempt: job.runAttempt,
    },
    render: (maximum) => renderMessage(result.message, { maximum, unit: 'characters' }),
    clock,
  });
}
