import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readJobEnvironment } from './environment.ts';
import type { InputName } from './inputs.ts';
import { readSettings } from './inputs.ts';
import type { ActionResult } from './run-action.ts';
import { runAction } from './run-action.ts';

const TOKEN = 'ghs_secret';
const HEAD = '6dcb09b5b57875f334f61aebed695e2e4193db5e';

let workspace: string;

beforeEach(() => {
  workspace = realpathSync(mkdtempSync(join(tmpdir(), 'inheritune-action-')));
});
afterEach(() => {
  rmSync(workspace, { recursive: true, force: true });
});

describe('a complete run', () => {
  it('names what it wrote, by the path the user gave', async () => {
    const files = { 'report.md': '## Result', 'results.json': '{}', 'config.json': '{}' };
    expect(await run({ files, exitCode: 0 })).toMatchObject({
      outcome: { kind: 'succeeded' },
      exitCode: 0,
      files: {
        'report-path': 'out/report.md',
        'results-path': 'out/results.json',
        'model-path': 'out',
      },
      message: { headSha: HEAD, report: '## Result' },
    });
  });

  it('without training has the inherited model for its result', async () => {
    const files = { 'report.md': '## Result', 'inherited/config.json': '{}' };
    expect(await run({ files, exitCode: 0 })).toMatchObject({ files: { 'model-path': 'out/inherited' } });
  });

  it('with a regression shows the report and fails with 3', async () => {
    expect(await run({ files: { 'report.md': '## Worse' }, exitCode: 3 })).toMatchObject({
      outcome: { kind: 'regression' },
      exitCode: 3,
      message: { report: '## Worse' },
    });
  });

  it.each([{}, { 'report.md': ' \n' }])('that wrote no report is not green: %j', async (files) => {
    expect(await run({ files, exitCode: 0 })).toMatchObject({
      outcome: { kind: 'failed', message: expect.stringContaining('wrote no report') as string },
      exitCode: 1,
    });
  });
});

describe("an earlier run's files in the folder", () => {
  beforeEach(() => {
    mkdirSync(join(workspace, 'out'));
    for (const file of ['report.md', 'results.json', 'config.json']) {
      writeFileSync(join(workspace, 'out', file), 'of the earlier run');
    }
  });

  it('are not the result of a run that failed', async () => {
    expect(await run({ files: {}, exitCode: 1 })).toMatchObject({
      outcome: { kind: 'failed' },
      files: {},
      message: { report: undefined },
    });
  });

  it('do not make a run green that wrote nothing', async () => {
    expect(await run({ files: {}, exitCode: 0 })).toMatchObject({ outcome: { kind: 'failed' }, exitCode: 1 });
  });

  it('hold the model and results of a continued run that had nothing left to do', async () => {
    expect(await run({ files: { 'report.md': '## Result' }, exitCode: 0 })).toMatchObject({
      files: {
        'report-path': 'out/report.md',
        'results-path': 'out/results.json',
        'model-path': 'out',
      },
    });
  });
});

it('a run that broke off has no result, whatever it left', async () => {
  const files = { 'report.md': '## Half', 'inherited/config.json': '{}' };
  expect(await run({ files, exitCode: 75 })).toMatchObject({ outcome: { kind: 'interrupted' }, files: {} });
});

describe('the child process', () => {
  it('gets the recipe and the options, the workspace to work in, and no token', async () => {
    await run(
      { files: {}, exitCode: 0 },
      { device: 'cuda', 'cache-dir': '/cache', 'native-dir': '/opt/native' },
    );
    const text = readFileSync(join(workspace, 'out/given.json'), 'utf8');
    const given = JSON.parse(text) as {
      command: string;
      options: string[];
      cwd: string;
      env: Record<string, string>;
    };
    expect(given).toMatchObject({
      command: 'run',
      options: ['--out', 'out', '--device', 'cuda', '--cache-dir', '/cache', '--native-dir', '/opt/native'],
      cwd: workspace,
      env: { HF_TOKEN: 'hub', INHERITUNE_ACTION_GROUP: 'mark' },
    });
    expect(text).not.toContain(TOKEN);
  });

  it('is not started for code from a fork on a self-hosted runner', async () => {
    const result = await run({ files: {}, exitCode: 0 }, {}, 'pull-request-fork');
    expect(result).toMatchObject({ outcome: { kind: 'refused' }, exitCode: 1, files: {} });
    expect(existsSync(join(workspace, 'out'))).toBe(false);
  });

  it('is started for it where the workflow allows forks, with a warning', async () => {
    const warnings: string[] = [];
    await run({ files: {}, exitCode: 0 }, { 'allow-forks': 'true' }, 'pull-request-fork', warnings);
    expect(existsSync(join(workspace, 'out/given.json'))).toBe(true);
    expect(warnings).toEqual([
      expect.stringContaining('mallory/models runs on a self-hosted runner') as string,
    ]);
  });
});

it('a payload that is not there is named', async () => {
  await expect(run({ files: {}, exitCode: 0 }, {}, 'no-such-event')).rejects.toThrow(
    /event payload .*no-such-event.json/,
  );
});

/** Runs the action on a pretended self-hosted runner with a program that does what the recipe says. */
function run(
  recipe: { readonly files: Readonly<Record<string, string>>; readonly exitCode: number },
  inputs: Partial<Record<InputName, string>> = {},
  event = 'pull-request',
  warnings: string[] = [],
): Promise<ActionResult> {
  writeFileSync(join(workspace, 'recipe.json'), JSON.stringify(recipe));
  const given: Partial<Record<InputName, string>> = {
    recipe: 'recipe.json',
    out: 'out',
    'github-token': TOKEN,
    ...inputs,
  };
  const env = {
    PATH: process.env['PATH'],
    HF_TOKEN: 'hub',
    'INPUT_GITHUB-TOKEN': TOKEN,
    GITHUB_TOKEN: TOKEN,
    GITHUB_REPOSITORY: 'octo/models',
    GITHUB_RUN_ID: '1',
    GITHUB_SHA: 'c'.repeat(40),
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_EVENT_PATH: fileURLToPath(new URL(`../../test/github/events/${event}.json`, import.meta.url)),
    RUNNER_ENVIRONMENT: 'self-hosted',
  };
  return runAction({
    settings: readSettings((name) => given[name] ?? '', { workflow: 'CI', job: 'run' }),
    job: readJobEnvironment(env),
    env,
    workspace,
    cliPath: fileURLToPath(new URL('../../test/github/programs/run-recipe.mjs', import.meta.url)),
    mark: 'mark',
    hooks: { onStart: () => undefined, onStderr: () => undefined, onCancel: () => () => undefined },
    warn: (text) => warnings.push(text),
    duringChild: (work) => work(),
  });
}
