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
import type { ForkApproval } from '../github/fork-approval.ts';
import { readJobEnvironment } from './environment.ts';
import type { InputName } from './input-definitions.ts';
import { readSettings } from './inputs.ts';
import type { ActionContext, ActionResult } from './run-action.ts';
import { baselineSource } from './baseline.ts';
import type { RecipeFacts } from './recipe-facts.ts';
import { readRecipeFacts } from './recipe-facts.ts';
import { makeBinaryTask, makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
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
    const result = await run({ files: {}, exitCode: 0 }, {}, { event: 'pull-request-fork' });
    expect(result).toMatchObject({ outcome: { kind: 'refused' }, exitCode: 1, files: {} });
    expect(existsSync(join(workspace, 'out'))).toBe(false);
  });

  it('is not started for it where forks are allowed but nobody approved this run', async () => {
    const result = await run(
      { files: {}, exitCode: 0 },
      { 'allow-forks': 'true' },
      { event: 'pull-request-fork' },
    );
    expect(result.outcome).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(
        'nobody approved this run for the environment inheritune-fork',
      ) as string,
    });
    expect(existsSync(join(workspace, 'out'))).toBe(false);
  });

  it('is started for it where the workflow allows forks and a reviewer approved, with a warning', async () => {
    const warnings: string[] = [];
    await run(
      { files: {}, exitCode: 0 },
      { 'allow-forks': 'true' },
      {
        event: 'pull-request-fork',
        warnings,
        readApproval: () => Promise.resolve({ state: 'approved', by: ['ada'] }),
      },
    );
    expect(existsSync(join(workspace, 'out/given.json'))).toBe(true);
    expect(warnings).toEqual([
      expect.stringContaining('mallory/models runs on a self-hosted runner') as string,
    ]);
  });
});

describe('the preflight', () => {
  it('ends the step neutral on a machine that does not fit: exit code 0, nothing started', async () => {
    const reasons = ['gpu: device is cuda and nvidia-smi lists no GPU'];
    const result = await run(
      { files: {}, exitCode: 0 },
      { preflight: 'true' },
      { preflight: () => Promise.resolve({ state: 'wrongMachine', reasons }) },
    );
    expect(result).toMatchObject({ outcome: { kind: 'wrongMachine', reasons }, exitCode: 0, files: {} });
    expect(existsSync(join(workspace, 'out'))).toBe(false);
  });

  it('that itself fails is named by what it said', async () => {
    const exit = {
      ...{ exitCode: 2, signal: undefined, stderrTail: 'models/none does not exist. Check the path.' },
      ...{ timedOutAfterMs: undefined, stalledAfterMs: undefined, cancelledBy: undefined, kernelOomKills: 0 },
    };
    const result = await run(
      { files: {}, exitCode: 0 },
      { preflight: 'true' },
      { preflight: () => Promise.resolve({ state: 'failed', exit }) },
    );
    expect(result).toMatchObject({ outcome: { kind: 'badInput', message: exit.stderrTail }, exitCode: 2 });
  });
});

it('a recipe that is not one is refused before anything is started', async () => {
  writeFileSync(join(workspace, 'wrong.yml'), 'reference: { model: x }\ntrian: {}\n');
  const result = await run({ files: {}, exitCode: 0 }, { recipe: 'wrong.yml' }, { readRecipe: undefined });
  expect(result).toMatchObject({
    outcome: { kind: 'badInput', message: expect.stringContaining('trian') as string },
    exitCode: 2,
  });
  expect(existsSync(join(workspace, 'out'))).toBe(false);
});

describe('results that are not whole', () => {
  const tasks = (reasons: Record<string, string>): Record<string, string> => ({
    'report.md': '## Result',
    'results.json': JSON.stringify({
      models: {
        trained: {
          tasks: Object.fromEntries(
            Object.entries(reasons).map(([name, reason]) => [
              name,
              reason === ''
                ? { status: 'scored', docs: 4, metrics: { acc: 0.5 } }
                : { status: 'failed', reason },
            ]),
          ),
        },
      },
    }),
  });

  it.each([
    [{ piqa: '' }, 'succeeded', 0],
    [{ piqa: '', wnli: 'item 3 has no choices' }, 'partlyMissing', 1],
    [{ piqa: '', wnli: 'wnli item 3: the log-likelihood of choice 0 is NaN' }, 'notANumber', 1],
    [{ piqa: 'x' }, 'empty', 1],
    [{}, 'empty', 1],
  ])('%j: %s', async (reasons, kind, exitCode) => {
    expect(
      await run(
        { files: tasks(reasons as Record<string, string>), exitCode: 0 },
        {},
        { expectsScores: true },
      ),
    ).toMatchObject({
      outcome: { kind },
      exitCode,
    });
  });

  it('and a results file that is not there are empty', async () => {
    const result = await run({ files: { 'report.md': 'x' }, exitCode: 0 }, {}, { expectsScores: true });
    expect(result.outcome.kind).toBe('empty');
  });
});

describe('a run with a baseline', () => {
  const result = (drop: number): string =>
    JSON.stringify(
      makeEvaluation({
        piqa: makeBinaryTask(
          'piqa',
          Array.from({ length: 400 }, (_, i) => (i % 10 < 7 - drop ? 1 : 0)),
        ),
      }),
    );
  const files = (drop: number): Record<string, string> => ({
    'report.md': '## Run',
    'results/trained.json': result(drop),
  });
  const baseline = { baseline: 'base' };
  beforeEach(() => {
    mkdirSync(join(workspace, 'base'));
    writeFileSync(join(workspace, 'base/default.json'), result(0));
  });

  it('that is worse is a regression, and the comparison comes before the report', async () => {
    const seen = await run({ files: files(2), exitCode: 0 }, baseline);
    expect(seen).toMatchObject({ outcome: { kind: 'regression' }, verdict: 'regression', exitCode: 3 });
    expect(seen.message.report).toMatch(/^## ❌ Regression[\s\S]*## Run$/);
    expect(readFileSync(join(workspace, 'out/comparison.md'), 'utf8')).toMatch(/^## ❌ Regression/);
  });

  it('that is equal is not', async () => {
    expect(await run({ files: files(0), exitCode: 0 }, baseline)).toMatchObject({
      ...{ outcome: { kind: 'succeeded' }, verdict: 'noRegression', exitCode: 0 },
    });
  });

  it('that cannot be read is a hard error, not an empty baseline', async () => {
    writeFileSync(join(workspace, 'base/default.json'), '{"schemaVersion":1');
    expect(await run({ files: files(0), exitCode: 0 }, baseline)).toMatchObject({
      outcome: {
        kind: 'baselineUnreadable',
        message: expect.stringContaining('base/default.json') as string,
      },
      exitCode: 1,
    });
    expect(existsSync(join(workspace, 'out/comparison.md'))).toBe(false);
  });
});

describe('the record of a run', () => {
  const good = { files: { 'report.md': '## Run' }, exitCode: 0 };
  const inputs = { record: 'branch:data' };

  it('is stored once the run is complete', async () => {
    const stored: string[] = [];
    const record: ActionContext['record'] = ({ headSha }) => {
      stored.push(headSha);
      return Promise.resolve(undefined);
    };
    expect((await run(good, inputs, { record })).outcome.kind).toBe('succeeded');
    expect(stored).toEqual([HEAD]);
    await run({ files: {}, exitCode: 1 }, inputs, { record });
    expect(stored).toHaveLength(1);
  });

  it('that cannot be stored fails the step by name', async () => {
    const record = (): Promise<string> => Promise.resolve('the branch data is protected.');
    expect(await run(good, inputs, { record })).toMatchObject({
      outcome: {
        kind: 'failed',
        message: expect.stringContaining('the branch data is protected.') as string,
      },
      exitCode: 1,
    });
  });

  it('is not stored for code from a fork', async () => {
    const warnings: string[] = [];
    const readApproval = (): Promise<ForkApproval> => Promise.resolve({ state: 'approved', by: ['ada'] });
    const options = { event: 'pull-request-fork', readApproval, warnings };
    expect((await run(good, { ...inputs, 'allow-forks': 'true' }, options)).outcome.kind).toBe('succeeded');
    expect(warnings).toContainEqual(expect.stringContaining('The run is not recorded') as string);
  });
});

describe('one part of the work', () => {
  it('train runs the command train, which goes on from a checkpoint, and needs no report', async () => {
    const result = await run(
      { files: { 'config.json': '{}' }, exitCode: 0 },
      { stages: 'train', set: 'train.seed=2' },
    );
    expect(given()).toMatchObject({
      command: 'train',
      options: ['--out', 'out', '--resume', '--set', 'train.seed=2'],
    });
    expect(result).toMatchObject({ outcome: { kind: 'succeeded' }, files: { 'model-path': 'out' } });
  });

  it('train without a model is empty', async () => {
    expect((await run({ files: {}, exitCode: 0 }, { stages: 'train' })).outcome.kind).toBe('empty');
  });
});

it('a payload that is not there is named', async () => {
  await expect(run({ files: {}, exitCode: 0 }, {}, { event: 'no-such-event' })).rejects.toThrow(
    /event payload .*no-such-event.json/,
  );
});

interface RunOptions extends Partial<Pick<ActionContext, 'preflight' | 'readApproval' | 'record'>> {
  readonly event?: string;
  readonly warnings?: string[];
  readonly expectsScores?: boolean;
  /** Undefined: the real one. */
  readonly readRecipe?: undefined;
}

function given(): unknown {
  return JSON.parse(readFileSync(join(workspace, 'out/given.json'), 'utf8'));
}

/** Runs the action on a pretended self-hosted runner with a program that does what the recipe says. */
function run(
  recipe: { readonly files: Readonly<Record<string, string>>; readonly exitCode: number },
  inputs: Partial<Record<InputName, string>> = {},
  options: RunOptions = {},
): Promise<ActionResult> {
  writeFileSync(join(workspace, 'recipe.json'), JSON.stringify(recipe));
  const given: Partial<Record<InputName, string>> = {
    recipe: 'recipe.json',
    out: 'out',
    preflight: 'false',
    'github-token': TOKEN,
    ...inputs,
  };
  const event = options.event ?? 'pull-request';
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
  const settings = readSettings((name) => given[name] ?? '', { workflow: 'CI', job: 'run' });
  const facts: RecipeFacts = {
    ...{ name: 'recipe', device: 'cpu', trains: true, steps: 10, keepCheckpoints: 2 },
    evaluate: options.expectsScores
      ? { tasks: ['piqa'], limit: undefined, fewShot: undefined, addBos: undefined, data: undefined }
      : undefined,
  };
  return runAction({
    settings,
    job: readJobEnvironment(env),
    env,
    workspace,
    cliPath: fileURLToPath(new URL('../../test/github/programs/run-recipe.mjs', import.meta.url)),
    mark: 'mark',
    hooks: { onStart: () => undefined, onStderr: () => undefined, onCancel: () => () => undefined },
    warn: (text) => options.warnings?.push(text),
    duringChild: (work) => work(),
    readRecipe: () =>
      'readRecipe' in options ? readRecipeFacts(settings, workspace) : Promise.resolve(facts),
    preflight: options.preflight ?? (() => Promise.reject(new Error('not asked for'))),
    readApproval: options.readApproval ?? (() => Promise.resolve({ state: 'notApproved' })),
    baseline: (recipeName) =>
      baselineSource({
        ...{ setting: settings.baseline, workspace, env, token: '', recipeName, headSha: HEAD },
        ...{ baseBranch: 'origin/main', sleep: () => Promise.resolve(), random: () => 0 },
      }),
    record: options.record ?? (() => Promise.reject(new Error('not asked for'))),
    withProgress: (_, work) => work(),
  });
}
