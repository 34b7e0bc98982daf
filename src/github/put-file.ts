import type { GitHubClient } from './client.ts';
import type { ApiFault } from './github-error.ts';
import { classifyApiError } from './github-error.ts';
import type { Clock } from './sticky-comment.ts';

export interface FileTarget {
  readonly client: GitHubClient;
  readonly owner: string;
  readonly repo: string;
  readonly branch: string;
  readonly path: string;
  readonly clock: Clock;
}

export type FileWrite =
  { readonly status: 'written' | 'unchanged' } | { readonly status: 'notWritten'; readonly fault: ApiFault };

/** Another push to the branch answers a write with 409: with a few jobs at once one of these gets through. */
const MAX_ATTEMPTS = 6;
const PAUSE_MS = 1_000;
/** A finished job is not held longer than this. */
const LONGEST_PAUSE_MS = 90_000;

/**
 * Brings one small text file of a branch to `text`, replacing what is there. Needs `contents: write`. A file that already holds
 * the text is left alone, so that a night with nothing new makes no commit.
 * Source: GitHub REST documentation, "Create or update file contents".
 */
export async function putFile(target: FileTarget, text: string): Promise<FileWrite> {
  const { client, owner, repo, branch, path, clock } = target;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const there = await readFile(target);
      if (there?.text === text) return { status: 'unchanged' };
      await client.rest.repos.createOrUpdateFileContents({
        ...{ owner, repo, branch, path, message: `Update ${path}` },
        content: Buffer.from(text).toString('base64'),
        ...(there === undefined ? {} : { sha: there.sha }),
      });
      return { status: 'written' };
    } catch (error) {
      const fault = classifyApiError(error, clock.now());
      const isRace = error instanceof Error && 'status' in error && error.status === 409;
      const isWorthIt = isRace || fault.kind === 'transient' || fault.kind === 'rateLimited';
      const pauseMs = fault.kind === 'rateLimited' ? fault.retryAfterMs : PAUSE_MS * attempt;
      if (!isWorthIt || attempt === MAX_ATTEMPTS || pauseMs > LONGEST_PAUSE_MS)
        return { status: 'notWritten', fault };
      await clock.sleep(pauseMs);
    }
  }
}

/** Undefined where there is no such file. */
async function readFile({
  client,
  owner,
  repo,
  branch,
  path,
}: FileTarget): Promise<{ readonly sha: string; readonly text: string } | undefined> {
  try {
    const { data } = await client.rest.repos.getContent({ owner, repo, path, ref: branch });
    if (Array.isArray(data) || data.type !== 'file') return undefined;
    return { sha: data.sha, text: Buffer.from(data.content, 'base64').toString('utf8') };
  } catch (error) {
    if (classifyApiError(error, 0).kind === 'missing') return undefined;
    throw error;
  }
}
