import type { GitHubClient } from './client.ts';
import type { EventFacts } from './pull-request.ts';

/**
 * The number of the open pull request that a `workflow_run` is about, where the payload does not name it: `pull_requests` is empty
 * for pull requests from forks. Branch names and commits can be chosen by anybody, so a pull request counts only if GitHub
 * says that it is made from this repository and branch and that its head is this very commit; after a further push there is none, and the
 * run about that push will answer.
 * Sources: GitHub REST documentation, "List pull requests" (`head=OWNER:BRANCH`) and "List pull requests associated with a commit".
 * @returns undefined where there is none
 * @throws Octokit's error where GitHub does not answer
 */
export async function findPullRequest(
  client: GitHubClient,
  { owner, repo }: { readonly owner: string; readonly repo: string },
  event: Pick<EventFacts, 'headSha' | 'pullRequestHead'>,
): Promise<number | undefined> {
  const { headSha, pullRequestHead: head } = event;
  if (head === undefined) return undefined;
  const isIt = (pull: ListedPull): boolean =>
    pull.state === 'open' &&
    pull.head.sha === headSha &&
    pull.head.ref === head.branch &&
    pull.head.repo?.full_name.toLowerCase() === head.repository.toLowerCase() &&
    pull.base.repo.full_name.toLowerCase() === `${owner}/${repo}`.toLowerCase();
  const from = `${head.repository.split('/')[0] ?? ''}:${head.branch}`;
  const byBranch = await client.rest.pulls.list({ owner, repo, head: from, state: 'open', per_page: 100 });
  const found = byBranch.data.find(isIt);
  if (found !== undefined) return found.number;
  // A fork inside the same organisation has the same owner as others, and a branch may have a name the filter does not take.
  const byCommit = await client.rest.repos.listPullRequestsAssociatedWithCommit({
    ...{ owner, repo, commit_sha: headSha, per_page: 100 },
  });
  return byCommit.data.find(isIt)?.number;
}

/** What of GitHub's answer is read; `repo` is null once the fork has been deleted. */
interface ListedPull {
  readonly number: number;
  readonly state: string;
  readonly head: {
    readonly sha: string;
    readonly ref: string;
    readonly repo: { readonly full_name: string } | null;
  };
  readonly base: { readonly repo: { readonly full_name: string } };
}
