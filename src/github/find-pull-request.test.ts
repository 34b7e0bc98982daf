import { describe, expect } from 'vitest';
import { HEAD, PULL, it } from '../../test/github/comment-runs.ts';
import type { FakeGitHub } from '../../test/github/fake-github.ts';
import { createClient } from './client.ts';
import { findPullRequest } from './find-pull-request.ts';

const FORK = { repository: 'mallory/models', branch: 'keep-13' };

describe.concurrent('the pull request of a workflow_run from a fork', () => {
  it('is the open one from its repository and branch with this head', async ({ github }) => {
    github.repository.origins.set(PULL, { name: FORK.repository, branch: FORK.branch });
    // Of the same fork, but another branch; of another fork, but the same commit.
    github.repository.heads.set(8, HEAD).set(9, HEAD);
    github.repository.origins.set(8, { name: FORK.repository, branch: 'other' });
    github.repository.origins.set(9, { name: 'eve/models', branch: FORK.branch });
    expect(await find(github)).toBe(PULL);
  });

  it('is none once the branch has moved on: the run about that push answers', async ({ github }) => {
    github.repository.origins.set(PULL, { name: FORK.repository, branch: FORK.branch });
    github.repository.heads.set(PULL, 'c'.repeat(40));
    expect(await find(github)).toBeUndefined();
  });

  it('is not one of this repository with the same branch and commit', async ({ github }) => {
    github.repository.origins.set(PULL, { name: 'octo/models', branch: FORK.branch });
    expect(await find(github)).toBeUndefined();
  });

  it('is found by its commit where the list by branch does not have it', async ({ github }) => {
    github.repository.origins.set(PULL, { name: FORK.repository, branch: FORK.branch });
    github.repository.hiddenFromLists.add(PULL);
    expect(await find(github)).toBe(PULL);
    const asked = github.repository.requests.map(({ path }) => path.split('?')[0]);
    expect(asked).toEqual(['/repos/octo/models/pulls', `/repos/octo/models/commits/${HEAD}/pulls`]);
  });

  it('is not asked for where the payload says that there is none', async ({ github }) => {
    expect(await find(github, undefined)).toBeUndefined();
    expect(github.repository.requests).toEqual([]);
  });
});

function find(github: FakeGitHub, ...given: (typeof FORK | undefined)[]) {
  const pullRequestHead = given.length === 0 ? FORK : given[0];
  const client = createClient({ token: 'workflow-token', apiUrl: github.apiUrl });
  return findPullRequest(client, { owner: 'octo', repo: 'models' }, { headSha: HEAD, pullRequestHead });
}
