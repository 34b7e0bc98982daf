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
import { makeBinaryTask, makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import { makeGrowth } from '../../test/fixtures/judge/make-growth.ts';
import { makeGrownRecord } from '../../test/store/make-grown-record.ts';
import type { JudgedResult } from '../judge/judged-result.ts';
import type { BaselineSource } from './baseline.ts';
import type { ForkApproval } from '../github/fork-approval.ts';
import { given, HEAD, NEXT_NIGHT, NIGHT, recordOf, runIn, stored } from './run-action.fixture.ts';

let workspace: string;
beforeEach(() => {
  workspace = realpathSync(mkdtempSync(join(tmpdir(), 'inheritune-action-')));
});
afterEach(() => {
  rmSync(workspace, { recursive: true, force: true });
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

  it('whose record is there is given it, so that equal stages are not computed again', async () => {
    const content = recordOf(HEAD);
    const found = {
      state: 'found',
      label: 'merge base',
      result: JSON.parse(result(0)) as JudgedResult,
    } as const;
    const source: BaselineSource = {
      find: () => Promise.resolve({ ...found, record: { content, source: 'store/x.json' } }),
    };
    const seen = await run({ files: files(0), exitCode: 0 }, baseline, { baseline: () => source });
    expect(seen.outcome.kind).toBe('succeeded');
    expect(given(workspace)).toMatchObject({
      options: ['--out', 'out', '--baseline', 'out/baseline.json'],
    });
    expect(JSON.parse(readFileSync(join(workspace, 'out/baseline.json'), 'utf8'))).toEqual(content);
    expect(seen.message.report).toContain('First stage that differs: none');
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
    // Nor does this run become the next one's baseline.
    const recorded = await run(
      { files: files(0), exitCode: 0 },
      { ...baseline, record: 'store', ledger: 'true' },
    );
    expect(recorded.outcome.kind).toBe('baselineUnreadable');
    expect(existsSync(join(workspace, 'store'))).toBe(false);
  });
});

describe('a growing run', () => {
  const growth = makeGrowth(2.5, { 4: 2.25 }, 'a');
  const record = makeGrownRecord(growth, { name: 'recipe', commit: HEAD });
  // Scores of an earlier recipe in the same folder are none of its own.
  const files = { 'report.md': '## Run', 'results/trained.json': JSON.stringify(makeEvaluation({})) };
  const source: BaselineSource = {
    find: () =>
      Promise.resolve({
        state: 'grown',
        label: 'merge base',
        record: { content: record, source: 'store/x.json' },
      }),
  };
  const options = { grows: true, baseline: () => source };

  it('is compared by its record, of which the run may take stages over', async () => {
    const makeRecord = () => Promise.resolve({ state: 'made', record } as const);
    const seen = await run({ files, exitCode: 0 }, { baseline: 'base' }, { ...options, makeRecord });
    expect(seen).toMatchObject({ outcome: { kind: 'succeeded' }, verdict: 'noRegression', exitCode: 0 });
    expect(seen.message.report).toMatch(/^## ✅ No regression: reference and targets are the same/);
    expect(given(workspace)).toMatchObject({
      options: ['--out', 'out', '--baseline', 'out/baseline.json'],
    });
  });

  it('without a record cannot be compared, and that is a failure where a baseline was given', async () => {
    const makeRecord = () => Promise.resolve({ state: 'failed', reason: 'train.jsonl is cut off.' } as const);
    const seen = await run({ files, exitCode: 0 }, { baseline: 'base' }, { ...options, makeRecord });
    expect(seen).toMatchObject({
      outcome: { kind: 'failed', message: expect.stringContaining('train.jsonl is cut off.') as string },
      exitCode: 1,
    });
  });
});

describe('the record of a run', () => {
  const good = { files: { 'report.md': '## Run' }, exitCode: 0 };
  const inputs = { record: 'store' };

  it('is kept once the run is complete, and named as an output', async () => {
    expect(await run(good, inputs)).toMatchObject({
      outcome: { kind: 'succeeded' },
      files: { 'record-path': 'out/record.json' },
    });
    expect(stored(workspace)).toEqual([expect.stringContaining(`runs/recipe/${HEAD}/`)]);
    await run({ files: {}, exitCode: 1 }, inputs);
    expect(stored(workspace)).toHaveLength(1);
  });

  it('of a night brings the ledger up to date, in the report and on disk', async () => {
    const result = await run(good, { ...inputs, ledger: 'true' });
    expect(result).toMatchObject({
      outcome: { kind: 'succeeded' },
      files: { 'ledger-path': 'out/ledger.md' },
    });
    expect(result.message.report).toMatch(/^## Run\n\n# Claim ledger: recipe\n/);
    expect(readFileSync(join(workspace, 'out/ledger.md'), 'utf8')).toContain(`${NIGHT}: judged`);
    expect(JSON.parse(readFileSync(join(workspace, 'out/badge.json'), 'utf8'))).toMatchObject({
      ...{ schemaVersion: 1, label: 'paper claims' },
    });
    expect(stored(workspace)).toEqual([
      expect.stringContaining(`ledger/recipe/${NIGHT}-`),
      expect.stringContaining('runs/recipe/'),
    ]);
  });

  it('that cannot be made fails the step by name where it was to be stored, and warns elsewhere', async () => {
    const makeRecord = () => Promise.resolve({ state: 'failed', reason: 'train.jsonl is cut off.' } as const);
    expect(await run(good, inputs, { makeRecord })).toMatchObject({
      outcome: { kind: 'failed', message: expect.stringContaining('train.jsonl is cut off.') as string },
      exitCode: 1,
    });
    const warnings: string[] = [];
    expect((await run(good, {}, { makeRecord, warnings })).outcome.kind).toBe('succeeded');
    expect(warnings).toEqual([expect.stringContaining('train.jsonl is cut off.')]);
  });

  it('that cannot be stored fails the step by name, and a regression stays one', async () => {
    writeFileSync(join(workspace, 'store'), 'not a folder');
    expect(await run(good, inputs)).toMatchObject({
      outcome: { kind: 'failed', message: expect.stringContaining('its record was not stored') as string },
      exitCode: 1,
    });
    expect(await run({ ...good, exitCode: 3 }, inputs)).toMatchObject({
      outcome: { kind: 'regression' },
      message: { report: expect.stringContaining('its record was not stored') as string },
    });
  });

  it('is not stored for code from a fork', async () => {
    const warnings: string[] = [];
    const readApproval = (): Promise<ForkApproval> => Promise.resolve({ state: 'approved', by: ['ada'] });
    const options = { event: 'pull-request-fork', readApproval, warnings };
    expect((await run(good, { ...inputs, 'allow-forks': 'true' }, options)).outcome.kind).toBe('succeeded');
    expect(warnings).toContainEqual(expect.stringContaining('The run is not recorded') as string);
    expect(existsSync(join(workspace, 'store'))).toBe(false);
  });
});

describe('with only-new', () => {
  const good = { files: { 'report.md': '## Run' }, exitCode: 0 };
  const inputs = { baseline: 'store', record: 'store', ledger: 'true', 'only-new': 'true' };
  // The histories of this folder, which is no repository.
  const none = { find: () => Promise.resolve({ state: 'absent', reason: 'none' } as const) };
  const absent = { baseline: () => none };

  it('a run that would compute nothing new is left out, and the night is entered', async () => {
    expect((await run(good, inputs, absent)).outcome.kind).toBe('succeeded');
    rmSync(join(workspace, 'out'), { recursive: true });
    const again = await run(good, inputs, { tonight: NEXT_NIGHT });
    expect(again).toMatchObject({
      outcome: { kind: 'nothingNew', message: expect.stringContaining('0 GPU-minutes') as string },
      exitCode: 0,
      files: { 'ledger-path': 'out/ledger.md' },
    });
    expect(again.message.report).toMatch(new RegExp(`${NEXT_NIGHT}: nothing new since .*, 0 GPU-minutes`));
    expect(existsSync(join(workspace, 'out/given.json'))).toBe(false);
    expect(stored(workspace)).toHaveLength(3);
  });

  it('another recipe is run', async () => {
    await run(good, inputs, absent);
    const other = { ...absent, recipeHash: 'f'.repeat(64) };
    expect((await run(good, inputs, other)).outcome.kind).toBe('succeeded');
  });
});

function run(
  ...given: Parameters<typeof runIn> extends [string, ...infer Rest] ? Rest : never
): ReturnType<typeof runIn> {
  return runIn(workspace, ...given);
}
