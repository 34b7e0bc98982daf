import type { EventFacts } from './pull-request.ts';

/** `RUNNER_ENVIRONMENT`: who owns the machine. */
export type RunnerEnvironment = 'github-hosted' | 'self-hosted';

export type ForkDecision =
  | { readonly allowed: true; readonly warning?: string }
  | { readonly allowed: false; readonly reason: string };

/**
 * Whether the code of this event may run on this machine; pure.
 * A self-hosted runner keeps its disk, caches and network between jobs, so code that anybody can send must not run there
 * unless the workflow's author says so. GitHub's own runners are thrown away after the job.
 * Source: GitHub documentation, "Secure use reference", section "Hardening for self-hosted runners".
 */
export function decideForkPolicy(
  event: Pick<EventFacts, 'eventName' | 'origin' | 'forkName'>,
  runner: RunnerEnvironment,
  allowForks: boolean,
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
  if (allowForks) {
    return {
      allowed: true,
      warning: `Code ${whose} runs on a self-hosted runner because allow-forks is true. Keep "Require approval for all external contributors" switched on in the repository's Actions settings.`,
    };
  }
  return {
    allowed: false,
    reason: `Code ${whose} is not run on a self-hosted runner: it could change the machine for later jobs. Use a GitHub-hosted runner for forks, or set allow-forks: true after requiring approval for all external contributors.`,
  };
}

/** Anything but GitHub's own word for its machines counts as self-hosted: older enterprise servers do not set the variable. */
export function runnerEnvironment(value: string | undefined): RunnerEnvironment {
  return value === 'github-hosted' ? 'github-hosted' : 'self-hosted';
}
