import { describe, expect, it } from 'vitest';
import { childEnvironment, readJobEnvironment } from './environment.ts';

const VARIABLES = {
  GITHUB_REPOSITORY: 'octo/models',
  GITHUB_EVENT_NAME: 'pull_request',
  GITHUB_EVENT_PATH: '/tmp/event.json',
  GITHUB_SHA: 'a'.repeat(40),
  GITHUB_RUN_ID: '30433642',
  GITHUB_RUN_ATTEMPT: '2',
  GITHUB_WORKFLOW: 'CI',
  GITHUB_JOB: 'train',
  GITHUB_API_URL: 'https://git.example/api/v3',
  GITHUB_SERVER_URL: 'https://git.example',
  RUNNER_ENVIRONMENT: 'self-hosted',
};

describe('readJobEnvironment', () => {
  it('reads what a runner sets', () => {
    expect(readJobEnvironment(VARIABLES)).toEqual({
      owner: 'octo',
      repo: 'models',
      eventName: 'pull_request',
      eventPath: '/tmp/event.json',
      sha: 'a'.repeat(40),
      runId: 30433642,
      runAttempt: 2,
      workflow: 'CI',
      job: 'train',
      apiUrl: 'https://git.example/api/v3',
      runUrl: 'https://git.example/octo/models/actions/runs/30433642',
      runner: 'self-hosted',
    });
  });

  it.each([
    ['GITHUB_REPOSITORY', undefined, 'GITHUB_REPOSITORY is not set'],
    ['GITHUB_REPOSITORY', 'models', 'GITHUB_REPOSITORY is "models"'],
    ['GITHUB_RUN_ID', 'x1', 'GITHUB_RUN_ID is "x1"'],
    ['GITHUB_SHA', '', 'GITHUB_SHA is ""'],
    ['GITHUB_EVENT_PATH', undefined, 'GITHUB_EVENT_PATH is not set'],
  ])('names %s when it is %j', (name, value, message) => {
    expect(() => readJobEnvironment({ ...VARIABLES, [name]: value })).toThrow(message);
  });
});

describe('childEnvironment', () => {
  const env = {
    PATH: '/bin',
    HF_TOKEN: 'hub-secret',
    RUNNER_TOOL_CACHE: '/cache',
    GITHUB_TOKEN: 'ghs_1',
    GH_TOKEN: 'other',
    'INPUT_GITHUB-TOKEN': 'ghs_1',
    INPUT_RECIPE: 'recipe.yml',
    MY_HEADER: 'authorization: bearer ghs_1',
    ACTIONS_RUNTIME_TOKEN: 'runtime',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'oidc',
    GITHUB_ENV: '/tmp/env',
    GITHUB_STEP_SUMMARY: '/tmp/summary',
    EMPTY: '',
    GONE: undefined,
  };

  it('keeps what the run needs and no token of the job, under whatever name', () => {
    expect(childEnvironment(env, 'ghs_1')).toEqual({
      PATH: '/bin',
      HF_TOKEN: 'hub-secret',
      RUNNER_TOOL_CACHE: '/cache',
      EMPTY: '',
    });
  });

  it('does not take an empty token for part of every value', () => {
    expect(childEnvironment({ PATH: '/bin' }, '')).toEqual({ PATH: '/bin' });
  });
});
