import { COMMENT_LIMIT } from '../report/github-limits.ts';
import type { GitHubClient } from './client.ts';
import type { CommentStamp } from './comment-marker.ts';
import { readMarker, renderMarker } from './comment-marker.ts';
import type { OwnComment } from './comment-plan.ts';
import { planComment } from './comment-plan.ts';
import type { ApiFault } from './github-error.ts';
import { classifyApiError } from './github-error.ts';

/**
 * Who writes with a workflow's GITHUB_TOKEN. Asked for only where `viewer` cannot be: REST's `/user` refuses installation
 * tokens, and GraphQL may be closed by a proxy.
 */
const WORKFLOW_BOT = 'github-actions[bot]';
/** Longer than a write of another run takes to arrive: what it overwrites meanwhile is seen and put right. */
export const SETTLE_MS = 3_000;
/**
 * The throttling plugin spaces writes by this and counts GraphQL queries among them. Waited for before reading, it does not
 * lie between a reading and the write that is planned from it.
 */
const WRITE_SPACING_MS = 1_000;
/** A comment must not hold a finished job for long. */
const DEADLINE_MS = 4 * 60_000;
const MAX_TRANSIENT_FAULTS = 5;
/** Halving 65,536 this often leaves room for a headline; a body still refused then is refused for another reason. */
const MAX_SHORTENINGS = 3;

export interface StickyCommentRequest {
  readonly client: GitHubClient;
  readonly owner: string;
  readonly repo: string;
  readonly pullRequestNumber: number;
  readonly stamp: CommentStamp;
  /** The comment's Markdown in at most `limit` characters. */
  readonly render: (limit: number) => string;
  readonly clock: Clock;
  readonly settleMs?: number;
  readonly deadlineMs?: number;
}

export interface Clock {
  now(): number;
  sleep(durationMs: number): Promise<void>;
}

export type StickyCommentResult =
  | { readonly status: 'created' | 'updated' | 'unchanged'; readonly url: string }
  /** A newer run's result stands there and was left alone. */
  | { readonly status: 'superseded'; readonly url: string; readonly by: CommentStamp }
  /** Never a reason to fail: the exit code comes from the run, not from its comment. */
  | { readonly status: 'notWritten'; readonly reason: ApiFault['kind'] | 'deadline'; readonly text: string };

/**
 * Brings a pull request to exactly one comment per key, holding the newest result.
 *
 * Only comments written by this token's own user and beginning with the marker count; all pages are searched. GitHub offers
 * no conditional update, so after a write the comments are read once more when other runs' writes have arrived, and put right
 * where a slower run had the last word. That leaves one gap: a write that GitHub applies later than `settleMs` after the
 * request's own reading. Failed writes are therefore never repeated blindly: each is planned anew from a fresh reading.
 */
export async function syncStickyComment(request: StickyCommentRequest): Promise<StickyCommentResult> {
  const { clock } = request;
  const deadline = clock.now() + (request.deadlineMs ?? DEADLINE_MS);
  const settleMs = request.settleMs ?? SETTLE_MS;
  const session = await openSession(request);
  let transientFaults = 0;
  let shortenings = 0;
  let lastFault = 'the comments kept changing';

  for (;;) {
    let pauseMs = settleMs;
    try {
      const result = await takeStep(session);
      if (result) return result;
    } catch (error) {
      const fault = classifyApiError(error, clock.now());
      lastFault = fault.text;
      if (fault.kind === 'rateLimited') {
        pauseMs = fault.retryAfterMs;
      } else if (fault.kind === 'transient' && transientFaults < MAX_TRANSIENT_FAULTS) {
        transientFaults += 1;
        pauseMs = settleMs * transientFaults;
      } else if (fault.kind === 'tooLong' && shortenings < MAX_SHORTENINGS) {
        shortenings += 1;
        session.limit = Math.floor(session.limit / 2);
        pauseMs = 0;
      } else {
        return { status: 'notWritten', reason: fault.kind, text: fault.text };
      }
    }
    if (clock.now() + pauseMs > deadline)
      return { status: 'notWritten', reason: 'deadline', text: lastFault };
    await clock.sleep(pauseMs);
  }
}

interface Session {
  readonly request: StickyCommentRequest;
  readonly repository: { readonly owner: string; readonly repo: string };
  /** Lower-case logins this token writes as. */
  readonly logins: Set<string>;
  limit: number;
  written: 'created' | 'updated' | undefined;
  createdId: number | undefined;
}

async function openSession(request: StickyCommentRequest): Promise<Session> {
  const login = await viewerLogin(request.client);
  await request.clock.sleep(WRITE_SPACING_MS);
  return {
    request,
    repository: { owner: request.owner, repo: request.repo },
    logins: new Set([login.toLowerCase()]),
    limit: COMMENT_LIMIT.maximum,
    written: undefined,
    createdId: undefined,
  };
}

/** Reads, and makes at most one kind of change. A result means that nothing was left to change. */
async function takeStep(session: Session): Promise<StickyCommentResult | undefined> {
  const { request, repository } = session;
  const { issues } = request.client.rest;
  const [own, currentHead] = await Promise.all([listOwnComments(session), readCurrentHead(session)]);
  const marker = renderMarker(request.stamp);
  const draft = {
    stamp: request.stamp,
    body: `${marker}\n${request.render(session.limit - marker.length - 1)}`,
  };

  const plan = planComment(own, draft, currentHead, session.written !== undefined);
  switch (plan.kind) {
    case 'create': {
      const { data } = await issues.createComment({
        ...repository,
        issue_number: request.pullRequestNumber,
        body: draft.body,
      });
      session.written ??= 'created';
      session.createdId = data.id;
      // GitHub's own word for who we are; brings older comments into view where `viewer` could not be asked.
      if (data.user) session.logins.add(data.user.login.toLowerCase());
      return undefined;
    }
    case 'update':
      if (
        await ifStillThere(
          issues.updateComment({ ...repository, comment_id: plan.comment.id, body: plan.body }),
        )
      ) {
        session.written ??= 'updated';
      }
      return undefined;
    case 'delete':
      for (const comment of plan.comments) {
        await ifStillThere(issues.deleteComment({ ...repository, comment_id: comment.id }));
      }
      return undefined;
    case 'done':
      if (plan.holds === 'newer')
        return { status: 'superseded', url: plan.comment.url, by: plan.comment.stamp };
      return { status: session.written ?? 'unchanged', url: plan.comment.url };
  }
}

async function listOwnComments(session: Session): Promise<OwnComment[]> {
  const { request, repository, createdId } = session;
  const { client } = request;
  const comments = await client.paginate(client.rest.issues.listComments, {
    ...repository,
    issue_number: request.pullRequestNumber,
    per_page: 100,
  });
  if (createdId !== undefined && !comments.some((comment) => comment.id === createdId)) {
    // A list may lag behind a write; taken as gone, the comment would be created a second time.
    const created = await ifStillThere(
      client.rest.issues.getComment({ ...repository, comment_id: createdId }),
    );
    if (created) comments.push(created.data);
  }
  return comments.flatMap((comment) => {
    const body = comment.body ?? '';
    const stamp = readMarker(body);
    const isOurs = comment.user && session.logins.has(comment.user.login.toLowerCase());
    if (!isOurs || stamp?.key !== request.stamp.key) return [];
    return [{ id: comment.id, url: comment.html_url, body, stamp }];
  });
}

/** Undefined where the token may comment but not read pull requests: then run ids alone decide what is newer. */
async function readCurrentHead(session: Session): Promise<string | undefined> {
  const { request, repository } = session;
  try {
    const { data } = await request.client.rest.pulls.get({
      ...repository,
      pull_number: request.pullRequestNumber,
    });
    return data.head.sha;
  } catch (error) {
    const { kind } = classifyApiError(error, request.clock.now());
    if (kind === 'forbidden' || kind === 'missing') return undefined;
    throw error;
  }
}

/**
 * The login this token writes as. `viewer` answers every kind of token, GITHUB_TOKEN and other installation tokens included,
 * with the login that REST shows as the comment's author.
 */
async function viewerLogin(client: GitHubClient): Promise<string> {
  try {
    const { viewer } = await client.graphql<{ viewer: { login: string } }>('query { viewer { login } }');
    return viewer.login;
  } catch {
    return WORKFLOW_BOT;
  }
}

/** A comment that somebody removed meanwhile is not an error: the next reading shows what is left. */
async function ifStillThere<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (classifyApiError(error, 0).kind === 'missing') return undefined;
    throw error;
  }
}
