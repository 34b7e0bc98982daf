import { CHECK_SUMMARY_LIMIT } from '../report/github-limits.ts';
import type { GitHubClient } from './client.ts';
import type { ApiFault } from './github-error.ts';
import { classifyApiError } from './github-error.ts';
import type { Clock } from './sticky-comment.ts';

/** How a check run ends; GitHub's branch protection lets `neutral` pass. */
export type CheckConclusion = 'success' | 'failure' | 'neutral';

export interface CheckText {
  readonly title: string;
  /** Markdown, at most `CHECK_SUMMARY_LIMIT`. */
  readonly summary: string;
}

/** One check run of one attempt of one job. */
export interface CheckTarget {
  readonly client: GitHubClient;
  readonly owner: string;
  readonly repo: string;
  /** The same from run to run, so that branch protection can require it. */
  readonly name: string;
  readonly headSha: string;
  /** The page of the workflow run. */
  readonly detailsUrl: string;
  /** Tells this attempt's check run from another's of the same name and commit. */
  readonly externalId: string;
  readonly clock: Clock;
}

export type CheckWrite =
  | { readonly status: 'written'; readonly id: number; readonly url: string }
  | { readonly status: 'notWritten'; readonly fault: ApiFault };

/** Attempts at a write that must not be lost: the start and the conclusion. */
const MAX_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 2_000;
/** A finished job is not held longer than this by one check run. */
const LONGEST_PAUSE_MS = 90_000;
const LONGEST_TITLE = 250;

/** Creates the check run in progress, or finds the one that an answer lost on the way already created. */
export function startCheckRun(target: CheckTarget, text: CheckText): Promise<CheckWrite> {
  return insist(target, (isRetry) =>
    createOrFind(target, isRetry, { status: 'in_progress', output: output(text) }),
  );
}

/** Shows progress; one attempt, for the next update says the same and more. */
export async function updateCheckRun(target: CheckTarget, id: number, text: CheckText): Promise<CheckWrite> {
  try {
    return await patch(target, id, { output: output(text) });
  } catch (error) {
    return { status: 'notWritten', fault: classifyApiError(error, target.clock.now()) };
  }
}

/** Ends the check run; without an id it is created and ended at once. */
export function concludeCheckRun(
  target: CheckTarget,
  id: number | undefined,
  conclusion: CheckConclusion,
  text: CheckText,
): Promise<CheckWrite> {
  const end = { status: 'completed', conclusion, output: output(text) } as const;
  return insist(target, async (isRetry) => {
    if (id !== undefined) return patch(target, id, end);
    const made = await createOrFind(target, isRetry, end);
    // One that was found may still be in progress.
    return isRetry && made.status === 'written' ? patch(target, made.id, end) : made;
  });
}

type CheckFields =
  | { readonly status: 'in_progress'; readonly output: CheckText }
  | { readonly status: 'completed'; readonly conclusion: CheckConclusion; readonly output: CheckText };

/** A create that answered 502 may have taken effect: a retry looks before it creates. */
async function createOrFind(target: CheckTarget, isRetry: boolean, fields: CheckFields): Promise<CheckWrite> {
  const { client, owner, repo, name, headSha, detailsUrl, externalId } = target;
  if (isRetry) {
    const listed = await client.rest.checks.listForRef({ owner, repo, ref: headSha, check_name: name });
    const found = listed.data.check_runs.find((check) => check.external_id === externalId);
    if (found) return { status: 'written', id: found.id, url: found.html_url ?? '' };
  }
  const { data } = await client.rest.checks.create({
    ...{ owner, repo, name, head_sha: headSha, details_url: detailsUrl, external_id: externalId },
    ...fields,
  });
  return { status: 'written', id: data.id, url: data.html_url ?? '' };
}

async function patch(
  { client, owner, repo }: CheckTarget,
  id: number,
  fields: CheckFields | { readonly output: CheckText },
): Promise<CheckWrite> {
  const { data } = await client.rest.checks.update({ owner, repo, check_run_id: id, ...fields });
  return { status: 'written', id: data.id, url: data.html_url ?? '' };
}

async function insist(
  { clock }: CheckTarget,
  attempt: (isRetry: boolean) => Promise<CheckWrite>,
): Promise<CheckWrite> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt(count > 1);
    } catch (error) {
      const fault = classifyApiError(error, clock.now());
      const pauseMs = fault.kind === 'rateLimited' ? fault.retryAfterMs : FIRST_PAUSE_MS * count;
      const isWorthIt = fault.kind === 'rateLimited' || fault.kind === 'transient';
      if (!isWorthIt || count === MAX_ATTEMPTS || pauseMs > LONGEST_PAUSE_MS)
        return { status: 'notWritten', fault };
      await clock.sleep(pauseMs);
    }
  }
}

function output({ title, summary }: CheckText): CheckText {
  return {
    title: title.slice(0, LONGEST_TITLE),
    summary: summary.slice(0, CHECK_SUMMARY_LIMIT.maximum),
  };
}
