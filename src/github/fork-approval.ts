import type { GitHubClient } from './client.ts';
import { classifyApiError } from './github-error.ts';

/** Whether somebody whom the repository named for it approved this very run. */
export type ForkApproval =
  | { readonly state: 'approved'; readonly by: readonly string[] }
  | { readonly state: 'notApproved' }
  /** GitHub did not say; taken as not approved. */
  | { readonly state: 'unknown'; readonly reason: string };

/**
 * Reads who approved this run for the environment. An environment's required reviewers are named by the repository's
 * administrators, GitHub asks them anew for every run, and a run is about one commit: unlike a label, an approval does not
 * outlive a push to the fork. Needs `actions: read`.
 * Source: GitHub REST documentation, "Get the review history for a workflow run".
 */
export async function readForkApproval(
  client: GitHubClient,
  run: {
    readonly owner: string;
    readonly repo: string;
    readonly runId: number;
    readonly environment: string;
  },
): Promise<ForkApproval> {
  const { owner, repo, runId, environment } = run;
  try {
    const { data } = await client.rest.actions.getReviewsForRun({ owner, repo, run_id: runId });
    const reviews = data.filter(({ environments }) => environments.some(({ name }) => name === environment));
    const approved = reviews.filter(({ state }) => state === 'approved');
    if (approved.length === 0 || reviews.some(({ state }) => state === 'rejected'))
      return { state: 'notApproved' };
    return { state: 'approved', by: approved.map(({ user }) => user.login) };
  } catch (error) {
    return { state: 'unknown', reason: classifyApiError(error, 0).text };
  }
}
