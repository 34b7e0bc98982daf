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
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HEAD, runIn, TOKEN } from './run-action.fixture.ts';
import { parseUnfitFile } from './unfit-file.ts';

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

  it.each([
    ['train', 'record-path'],
    ['evaluate', 'results-path'],
  ])('tells the jobs that wait for the part of a job of stage %s', async (stages, output) => {
    const result = await run(
      { files: {}, exitCode: 0 },
      { preflight: 'true', stages },
      {
        preflight: () => Promise.resolve({ state: 'wrongMachine', reasons: ['gpu: none'] }),
        expectsScores: true,
      },
    );
    expect(result).toMatchObject({ exitCode: 0, files: { [output]: 'out/unfit-default.json' } });
    const part: unknown = JSON.parse(readFileSync(join(workspace, 'out/unfit-default.json'), 'utf8'));
    expect(parseUnfitFile(part, 'x')).toMatchObject({ headSha: HEAD, reasons: ['gpu: none'] });
    expect(() => parseUnfitFile({ ...(part as object), more: 1 }, 'x.json')).toThrow(/^x\.json is not what/);
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

it('a payload that is not there is named', async () => {
  await expect(run({ files: {}, exitCode: 0 }, {}, { event: 'no-such-event' })).rejects.toThrow(
    /event payload .*no-such-event.json/,
  );
});

function run(
  ...given: Parameters<typeof runIn> extends [string, ...infer Rest] ? Rest : never
): ReturnType<typeof runIn> {
  return runIn(workspace, ...given);
}
