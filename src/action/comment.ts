import { createClient } from '../github/client.ts';
import { findPullRequest } from '../github/find-pull-request.ts';
import type { EventFacts } from '../github/pull-request.ts';
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
  if (event.pullRequestNumber === undefined && event.pullRequestHead !== undefined) {
    const { repository, branch } = event.pullRequestHead;
    return no(`no open pull request from ${repository}:${branch} has this commit as its head`, true);
  }
  if (event.pullRequestNumber === undefined) {
    return no(`this ${event.eventName} event names no pull request`, settings.comment === 'auto');
  }
  if (settings.token === '') return no('github-token is empty', false);
  return { comment: true, pullRequestNumber: event.pullRequestNumber };
}

/**
 * The event with the number of its pull request, asked of GitHub where the payload has none and a comment is wanted.
 * @throws Octokit's error where GitHub does not answer
 */
export async function locatePullRequest(
  settings: Pick<Settings, 'comment' | 'token'>,
  job: Pick<JobEnvironment, 'apiUrl' | 'owner' | 'repo'>,
  event: EventFacts,
): Promise<EventFacts> {
  const isKnown = event.pullRequestNumber !== undefined || event.pullRequestHead === undefined;
  if (isKnown || settings.comment === 'never' || settings.token === '') return event;
  const client = createClient({ token: settings.token, apiUrl: job.apiUrl });
  return { ...event, pullRequestNumber: await findPullRequest(client, job, event) };
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
