import { ActionError } from './action-error.ts';
import type { RunnerEnvironment } from '../github/fork-policy.ts';
import { runnerEnvironment } from '../github/fork-policy.ts';

/** What the runner says about this job. */
export interface JobEnvironment {
  readonly owner: string;
  readonly repo: string;
  readonly eventName: string;
  readonly eventPath: string;
  readonly sha: string;
  readonly runId: number;
  readonly runAttempt: number;
  readonly workflow: string;
  readonly job: string;
  readonly apiUrl: string;
  /** The page of this run, for readers of the comment. */
  readonly runUrl: string;
  readonly runner: RunnerEnvironment;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables that the runner sets.
 * @throws ActionError naming the variable that is missing or malformed
 * Source: GitHub documentation, "Variables reference".
 */
export function readJobEnvironment(env: Variables): JobEnvironment {
  const [owner, repo] = required(env, 'GITHUB_REPOSITORY', /^[^/]+\/[^/]+$/).split('/');
  const runId = required(env, 'GITHUB_RUN_ID', /^\d{1,15}$/);
  const server = env['GITHUB_SERVER_URL'] ?? 'https://github.com';
  return {
    owner: owner!,
    repo: repo!,
    eventName: required(env, 'GITHUB_EVENT_NAME', /^\w+$/),
    eventPath: required(env, 'GITHUB_EVENT_PATH', /./),
    sha: required(env, 'GITHUB_SHA', /^[0-9a-f]{40,64}$/),
    runId: Number(runId),
    // Older enterprise servers do not number attempts.
    runAttempt: Number(/^\d{1,6}$/.exec(env['GITHUB_RUN_ATTEMPT'] ?? '')?.[0] ?? 1),
    workflow: env['GITHUB_WORKFLOW'] ?? '',
    job: env['GITHUB_JOB'] ?? '',
    apiUrl: env['GITHUB_API_URL'] ?? 'https://api.github.com',
    runUrl: `${server}/${owner!}/${repo!}/actions/runs/${runId}`,
    runner: runnerEnvironment(env['RUNNER_ENVIRONMENT']),
  };
}

/**
 * The environment for the child process, which runs code and recipes of the change under test: no token of this job (whatever
 * variable holds it), no inputs, and no files through which later steps take outputs, variables or search paths.
 * Other secrets that the workflow gave on purpose, such as a hub token, stay.
 */
export function childEnvironment(env: Variables, token: string): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      !/^(INPUT_|STATE_)/.test(entry[0]) &&
      !WITHHELD.has(entry[0]) &&
      !(token !== '' && entry[1].includes(token)),
  );
  return Object.fromEntries(kept);
}

const WITHHELD: ReadonlySet<string> = new Set([
  'GITHUB_TOKEN',
  'GH_TOKEN',
  'ACTIONS_RUNTIME_TOKEN',
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
  'ACTIONS_ID_TOKEN_REQUEST_URL',
  'GITHUB_ENV',
  'GITHUB_PATH',
  'GITHUB_OUTPUT',
  'GITHUB_STATE',
  'GITHUB_STEP_SUMMARY',
]);

function required(env: Variables, name: string, form: RegExp): string {
  const value = env[name];
  if (value !== undefined && form.test(value)) return value;
  throw new ActionError(
    'ACTION_ENVIRONMENT',
    `The variable ${name} ${value === undefined ? 'is not set' : `is "${value}", which is not what a runner sets`}. ` +
      'Run this program as a step of a GitHub Actions job; elsewhere use the command line (inheritune run).',
  );
}
