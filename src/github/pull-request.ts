import { z } from 'zod';
import { GitHubError } from './github-error.ts';

/** Whose code the event asks to run. `unknown` where the payload does not say. */
export type CodeOrigin = 'sameRepository' | 'fork' | 'unknown';

/** What an event says about the code under test. */
export interface EventFacts {
  readonly eventName: string;
  /** The commit a reader would call "this change": the pull request's head, not GitHub's merge commit. */
  readonly headSha: string;
  readonly origin: CodeOrigin;
  /** `owner/name` of the fork; undefined when it was deleted or the code is not from a fork. */
  readonly forkName: string | undefined;
  readonly pullRequestNumber: number | undefined;
  /** The branch that this change is for: the pull request's base, else the default branch; undefined where the payload does not say. */
  readonly baseBranch?: string | undefined;
  /** Where the pull request comes from, for a `workflow_run` whose payload does not name its number: `findPullRequest`. */
  readonly pullRequestHead?: PullRequestHead | undefined;
}

/** A branch that a pull request was made from. */
export interface PullRequestHead {
  /** `owner/name`. */
  readonly repository: string;
  readonly branch: string;
}

/**
 * Reads number, head commit and origin from a webhook payload; pure.
 * @param fallbackSha `GITHUB_SHA`, for events without a commit of their own: `schedule`, whose payload holds nothing to rely
 * on, and `workflow_dispatch`.
 * @throws GitHubError when a field that the event's documentation promises is missing.
 * Source: GitHub documentation, "Webhook events and payloads" and "Events that trigger workflows".
 */
export function readEvent(eventName: string, payload: unknown, fallbackSha: string): EventFacts {
  const facts = readCode(eventName, payload, fallbackSha);
  const { repository, pull_request, merge_group } = parse(eventName, anyPayload, payload);
  const baseBranch =
    pull_request?.base?.ref ??
    merge_group?.base_ref?.replace(/^refs\/heads\//, '') ??
    repository?.default_branch;
  return baseBranch === undefined ? facts : { ...facts, baseBranch };
}

function readCode(eventName: string, payload: unknown, fallbackSha: string): EventFacts {
  const repository = parse(eventName, anyPayload, payload).repository?.full_name;
  switch (eventName) {
    case 'pull_request':
    case 'pull_request_target':
    case 'pull_request_review':
    case 'pull_request_review_comment': {
      const pull = parse(eventName, pullRequestPayload, payload).pull_request;
      return {
        eventName,
        headSha: pull.head.sha,
        ...originOf(pull.head.repo?.full_name, pull.base.repo.full_name),
        pullRequestNumber: pull.number,
      };
    }
    case 'workflow_run': {
      const run = parse(eventName, workflowRunPayload, payload).workflow_run;
      return {
        eventName,
        headSha: run.head_sha,
        ...originOf(run.head_repository?.full_name, repository),
        // The list holds no pull requests from forks, and may name pull requests of other repositories.
        pullRequestNumber: run.pull_requests.find((pull) => pull.base.repo.id === run.repository.id)?.number,
        ...pullRequestHeadOf(run),
      };
    }
    case 'merge_group': {
      const group = parse(eventName, mergeGroupPayload, payload).merge_group;
      const number = /\/pr-(\d+)-/.exec(group.head_ref)?.[1];
      // Entering the queue takes write access: the code was accepted by somebody who has it.
      return own(eventName, group.head_sha, number === undefined ? undefined : Number(number));
    }
    case 'push':
      return own(eventName, parse(eventName, pushPayload, payload).after, undefined);
    case 'issue_comment': {
      const { issue } = parse(eventName, issueCommentPayload, payload);
      if (issue.pull_request === undefined) return own(eventName, fallbackSha, undefined);
      return {
        eventName,
        headSha: fallbackSha,
        origin: 'unknown',
        forkName: undefined,
        pullRequestNumber: issue.number,
      };
    }
    default:
      return own(eventName, fallbackSha, undefined);
  }
}

const sha = z.string().regex(/^[0-9a-f]{40,64}$/);
const namedRepository = z.object({ full_name: z.string() });
const anyPayload = z.object({
  repository: namedRepository.extend({ default_branch: z.string().optional() }).optional(),
  pull_request: z.object({ base: z.object({ ref: z.string().optional() }).optional() }).optional(),
  merge_group: z.object({ base_ref: z.string().optional() }).optional(),
});
const pullRequestPayload = z.object({
  pull_request: z.object({
    number: z.int().positive(),
    // `repo` is null once the fork has been deleted.
    head: z.object({ sha, repo: namedRepository.nullable() }),
    base: z.object({ repo: namedRepository }),
  }),
});
const workflowRunPayload = z.object({
  workflow_run: z.object({
    head_sha: sha,
    head_branch: z.string().min(1).nullish(),
    head_repository: namedRepository.nullish(),
    event: z.string().optional(),
    repository: z.object({ id: z.int() }),
    pull_requests: z.array(
      z.object({ number: z.int().positive(), base: z.object({ repo: z.object({ id: z.int() }) }) }),
    ),
  }),
});
const mergeGroupPayload = z.object({ merge_group: z.object({ head_sha: sha, head_ref: z.string() }) });
const pushPayload = z.object({ after: sha });
const issueCommentPayload = z.object({
  issue: z.object({ number: z.int().positive(), pull_request: z.unknown().optional() }),
});

function own(eventName: string, headSha: string, pullRequestNumber: number | undefined): EventFacts {
  return { eventName, headSha, origin: 'sameRepository', forkName: undefined, pullRequestNumber };
}

/** A run that another event started, such as a push, is about no pull request. */
function pullRequestHeadOf(
  run: z.infer<typeof workflowRunPayload>['workflow_run'],
): Pick<EventFacts, 'pullRequestHead'> {
  const { event, head_branch: branch, head_repository: head } = run;
  if (!event?.startsWith('pull_request') || branch == null || head == null) return {};
  return { pullRequestHead: { repository: head.full_name, branch } };
}

function originOf(
  headName: string | undefined,
  baseName: string | undefined,
): Pick<EventFacts, 'origin' | 'forkName'> {
  // A repository that no longer exists cannot be this one.
  if (headName === undefined) return { origin: 'fork', forkName: undefined };
  if (baseName === undefined) return { origin: 'unknown', forkName: undefined };
  // Names are compared as GitHub does, whatever their case.
  if (headName.toLowerCase() === baseName.toLowerCase())
    return { origin: 'sameRepository', forkName: undefined };
  return { origin: 'fork', forkName: headName };
}

function parse<T>(eventName: string, schema: z.ZodType<T>, payload: unknown): T {
  const result = schema.safeParse(payload);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new GitHubError(
    'GITHUB_EVENT',
    `The payload of the ${eventName} event has no usable ${issue?.path.join('.') || 'content'} (${issue?.message ?? 'unknown'}). ` +
      'Run the action from a GitHub event; a hand-written GITHUB_EVENT_PATH must follow the webhook documentation.',
    result.error,
  );
}
