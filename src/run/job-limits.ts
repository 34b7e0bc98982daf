/** Limits of GitHub Actions on self-hosted runners (docs.github.com: "Usage limits", "Automatic token authentication"). */
const TOKEN_HOURS = 24;
const JOB_DAYS = 5;
/** `timeout-minutes` where a workflow does not say. */
const DEFAULT_TIMEOUT_HOURS = 6;

export interface JobNeed {
  /** Limits that a single job would cross, in words. */
  readonly crossed: readonly string[];
  /** Jobs, each resuming the one before it, where each ends before its token does. */
  readonly jobsOf24Hours: number;
  /** The same where only the job limit counts. */
  readonly jobsOf5Days: number;
}

/** How a training of this length fits into jobs. */
export function jobsFor(hours: number): JobNeed {
  const crossed = [
    ...(hours > DEFAULT_TIMEOUT_HOURS ? ['the default timeout-minutes of 360'] : []),
    ...(hours > TOKEN_HOURS ? ['the 24 h that GITHUB_TOKEN lives'] : []),
    ...(hours > JOB_DAYS * 24 ? ['the 5 days that a job may take'] : []),
  ];
  const jobs = (limit: number): number => Math.max(1, Math.ceil(hours / limit));
  return { crossed, jobsOf24Hours: jobs(TOKEN_HOURS), jobsOf5Days: jobs(JOB_DAYS * 24) };
}
