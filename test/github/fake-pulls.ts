import type { FakeRepository } from './fake-github-state.ts';
import type { Call, Reply } from './fake-reply.ts';
import { notFound } from './fake-reply.ts';

/** Pull requests and reviews of runs, below `/repos/OWNER/NAME/`; undefined for other paths. */
export function routePulls(repository: FakeRepository, rest: string, { url }: Call): Reply | undefined {
  const approvals = /^actions\/runs\/(\d+)\/approvals$/.exec(rest);
  if (approvals) return listReviews(repository, Number(approvals[1]));
  const pull = /^pulls\/(\d+)$/.exec(rest);
  if (pull) return getPull(repository, Number(pull[1]));
  const ofCommit = /^commits\/([0-9a-f]{40})\/pulls$/.exec(rest);
  if (ofCommit) return listPulls(repository, ({ sha }) => sha === ofCommit[1]);
  if (rest !== 'pulls') return undefined;
  // As GitHub does: a filter that is not OWNER:BRANCH is no filter.
  const head = /^[^:]+:.+$/.exec(url.searchParams.get('head') ?? '')?.[0];
  return listPulls(
    repository,
    ({ number, owner, branch }) =>
      !repository.hiddenFromLists.has(number) && (head === undefined || head === `${owner}:${branch}`),
  );
}

interface Head {
  readonly number: number;
  readonly sha: string;
  readonly owner: string;
  readonly branch: string;
}

function listPulls(repository: FakeRepository, isWanted: (head: Head) => boolean): Reply {
  const all = [...repository.heads].map(([number, sha]) => {
    const { name, branch } = repository.origins.get(number) ?? { name: repository.name, branch: 'change' };
    return { number, sha, name, branch, owner: name.split('/')[0] ?? '' };
  });
  return {
    status: 200,
    body: all.filter(isWanted).map(({ number, sha, name, branch }) => ({
      ...{ number, state: 'open', base: { repo: { full_name: repository.name } } },
      head: { sha, ref: branch, repo: { full_name: name } },
    })),
  };
}

function listReviews({ reviews }: FakeRepository, runId: number): Reply {
  const own = reviews.filter((review) => review.runId === runId);
  return {
    status: 200,
    body: own.map(({ environment, state, login }) => ({
      ...{ state, comment: '', user: { login } },
      environments: [{ id: 1, name: environment }],
    })),
  };
}

function getPull(repository: FakeRepository, number: number): Reply {
  const headSha = repository.heads.get(number);
  return headSha === undefined ? notFound() : { status: 200, body: { number, head: { sha: headSha } } };
}
