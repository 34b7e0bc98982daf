import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { createClient } from '../../src/github/client.ts';
import type { StickyCommentRequest, StickyCommentResult } from '../../src/github/sticky-comment.ts';
import { syncStickyComment } from '../../src/github/sticky-comment.ts';
import type { FakeGitHub, FakeOptions } from './fake-github.ts';
import { startFakeGitHub } from './fake-github.ts';

export const PULL = 7;
export const BOT = 'github-actions[bot]';
export const HEAD = 'a'.repeat(40);
const realClock = { now: Date.now, sleep: (durationMs: number) => sleep(durationMs) };

/** Each test has a server of its own: they mostly wait, and do so side by side. */
export const it = test.extend<{ github: FakeGitHub }>({
  // eslint-disable-next-line no-empty-pattern -- how fixtures are declared
  github: async ({}, use) => {
    const github = await startServer();
    await use(github);
    await github.stop();
  },
});

export async function startServer(options: FakeOptions = {}): Promise<FakeGitHub> {
  const github = await startFakeGitHub(options);
  github.repository.tokens.set('workflow-token', BOT);
  github.repository.heads.set(PULL, HEAD);
  return github;
}

export interface Run {
  readonly runId: number;
  readonly body: string;
  readonly runAttempt?: number;
  readonly headSha?: string;
  readonly key?: string;
  readonly token?: string;
  readonly settleMs?: number;
  readonly deadlineMs?: number;
  readonly requestTimeoutMs?: number;
}

/** One run of the action, with a client of its own as in its own process. */
export function sync(github: FakeGitHub, run: Run): Promise<StickyCommentResult> {
  const [owner, repo] = github.repository.name.split('/');
  const request: StickyCommentRequest = {
    client: createClient({
      token: run.token ?? 'workflow-token',
      apiUrl: github.apiUrl,
      ...(run.requestTimeoutMs !== undefined && { requestTimeoutMs: run.requestTimeoutMs }),
    }),
    owner: owner!,
    repo: repo!,
    pullRequestNumber: PULL,
    stamp: {
      key: run.key ?? 'ci',
      headSha: run.headSha ?? HEAD,
      runId: run.runId,
      runAttempt: run.runAttempt ?? 1,
    },
    render: (limit) => run.body.slice(0, limit),
    clock: realClock,
    settleMs: run.settleMs ?? 50,
    deadlineMs: run.deadlineMs ?? 60_000,
  };
  return syncStickyComment(request);
}

export function bodies(github: FakeGitHub): string[] {
  return github.repository.commentsOn(PULL).map(({ body }) => body);
}

export function ours(github: FakeGitHub): FakeGitHub['repository']['comments'] {
  return github.repository.commentsOn(PULL).filter(({ body }) => body.startsWith('<!-- inheritune-action'));
}
