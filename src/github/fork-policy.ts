import type { ForkApproval } from './fork-approval.ts';
import type { EventFacts } from './pull-request.ts';

/** `RUNNER_ENVIRONMENT`: who owns the machine. */
export type RunnerEnvironment = 'github-hosted' | 'self-hosted';

export type ForkDecision =
  | { readonly allowed: true; readonly warning?: string }
  | { readonly allowed: false; readonly reason: string };

/** What the workflow's author and the repository's reviewers say about code from outside. */
export interface ForkConsent {
  /** The input `allow-forks`. */
  readonly optedIn: boolean;
  /** The input `fork-environment`. */
  readonly environment: string;
  /** Asked for only where it decides: `needsApproval`. */
  readonly approval: ForkApproval | undefined;
}

type ForkEvent = Pick<EventFacts, 'eventName' | 'origin' | 'forkName'>;

/** Whether the decision hangs on an approval, so that GitHub must be asked for it; pure. */
export function needsApproval(event: ForkEvent, runner: RunnerEnvironment, optedIn: boolean): boolean {
  return event.origin !== 'sameRepository' && runner === 'self-hosted' && optedIn;
}

/**
 * Whether the code of this event may run on this machine; pure.
 * A self-hosted runner keeps its disk, caches and network between jobs, so code that anybody can send runs there only where the
 * workflow's author opted in and a required reviewer approved this run. GitHub's own runners are thrown away after the job.
 * Source: GitHub documentation, "Secure use reference", section "Hardening for self-hosted runners".
 */
export function decideForkPolicy(
  event: ForkEvent,
  runner: RunnerEnvironment,
  { optedIn, environment, approval }: ForkConsent,
): ForkDecision {
  if (event.origin === 'sameRepository') return { allowed: true };
  const whose =
    event.origin === 'fork'
      ? `from ${event.forkName === undefined ? 'a deleted fork' : `the fork ${event.forkName}`}`
      : `of unknown origin (a ${event.eventName} event does not say whose code it is about)`;
  if (runner === 'github-hosted') {
    if (event.eventName === 'pull_request') return { allowed: true };
    return {
      allowed: true,
      warning: `This ${event.eventName} event is about code ${whose} and its token may write to the repository. Check out and run such code only in a workflow on pull_request.`,
    };
  }
  const refusal = `Code ${whose} is not run on a self-hosted runner`;
  if (!optedIn) {
    return {
      allowed: false,
      reason: `${refusal}: it could change the machine for later jobs. Use a GitHub-hosted runner for forks, or set allow-forks: true and let reviewers of the environment ${environment} approve each run.`,
    };
  }
  if (approval?.state !== 'approved') {
    const why =
      approval?.state === 'unknown'
        ? `GitHub did not say whether it was approved (${approval.reason})`
        : `nobody approved this run for the environment ${environment}`;
    return {
      allowed: false,
      reason: `${refusal}: allow-forks is true, but ${why}. Give the job "environment: ${environment}" and "permissions: actions: read", name required reviewers for that environment in the repository's settings, and have one approve the run.`,
    };
  }
  return {
    allowed: true,
    warning: `Code ${whose} runs on a self-hosted runner: allow-forks is true and ${approval.by.join(', ')} approved this run.`,
  };
}

/** Anything but GitHub's own word for its machines counts as self-hosted: older enterprise servers do not set the variable. */
export function runnerEnvironment(value: string | undefined): RunnerEnvironment {
  return value === 'github-hosted' ? 'github-hosted' : 'self-hosted';
}
