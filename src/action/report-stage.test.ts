import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import type { BaselineSource } from './baseline.ts';
import { BaselineError } from './baseline.ts';
import { HEAD, leave, leavePart, reportIn, shard, source, task, TASKS } from './report-stage.fixture.ts';
import type { ShardFile } from './shard-file.ts';
import type { UnfitFile } from './unfit-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inheritune-report-'));
  mkdirSync(join(folder, 'shards'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the shards of a matrix', () => {
  it('give one merged table with a column for each variant', async () => {
    for (const variant of ['layers-2', 'layers-3'])
      TASKS.forEach((_, index) => {
        leave(folder, shard(variant, index + 1));
      });
    const { outcome, verdict, report, tasks } = await reportIn(folder);
    expect({ outcome, verdict }).toEqual({ outcome: { kind: 'succeeded' }, verdict: 'none' });
    expect(report).toMatch(/\| Task .*\| layers-2 .*\| layers-3/);
    expect(report).toMatch(/\| PIQA/);
    expect(tasks).toMatchObject({ 'layers-2': { piqa: { status: 'scored', docs: 40 } }, 'layers-3': {} });
    expect(existsSync(join(folder, 'out/results/layers-3.json'))).toBe(true);
    expect(JSON.parse(readFileSync(join(folder, 'out/results.json'), 'utf8'))).toMatchObject({
      models: { 'layers-2': { tasks: { wnli: { status: 'scored' } } } },
    });
  });

  it('of recipes with tasks of their own have a row for each, and nothing where a recipe does not ask', async () => {
    const one = (variant: string, index: number): ShardFile => ({
      ...shard(variant, index),
      ...{ shard: { index: 1, count: 1 }, requested: [TASKS[index - 1]!] },
    });
    leave(folder, one('small', 1));
    leave(folder, one('large', 2));
    const { outcome, report } = await reportIn(folder, undefined, ['small', 'large']);
    expect(outcome).toEqual({ kind: 'succeeded' });
    expect(report).toMatch(/\| Task .*\| large .*\| small/);
    expect(report?.match(/^\| (PIQA|WNLI) .*$/gm)).toEqual([
      expect.stringMatching(/^\| PIQA .*\| +– +\| +50\.00/) as string,
      expect.stringMatching(/^\| WNLI .*\| +50\.00 [^|]*\| +– +\|/) as string,
    ]);
  });

  it('are partly missing when a job left nothing, and the rest is shown', async () => {
    leave(folder, shard('default', 1));
    const { outcome, report } = await reportIn(folder);
    expect(outcome).toEqual({ kind: 'partlyMissing', missing: ['shard 2 of 2 of default'] });
    expect(report).toMatch(/PIQA/);
  });

  it('are partly missing when a whole variant left nothing', async () => {
    for (const index of [1, 2]) leave(folder, shard('layers-2', index));
    expect((await reportIn(folder, undefined, ['layers-2', 'layers-3'])).outcome).toEqual({
      kind: 'partlyMissing',
      missing: ['every shard of layers-3'],
    });
  });

  it('are partly missing when a task is in no shard', async () => {
    leave(folder, { ...shard('default', 1), shard: { index: 1, count: 1 } });
    expect((await reportIn(folder)).outcome).toEqual({ kind: 'partlyMissing', missing: ['wnli of default'] });
  });

  it('may be more than there are tasks', async () => {
    for (const index of [1, 2]) leave(folder, { ...shard('default', index), shard: { index, count: 3 } });
    leave(folder, { ...shard('default', 1), shard: { index: 3, count: 3 }, results: {} });
    expect((await reportIn(folder)).outcome.kind).toBe('succeeded');
  });

  const unfit = (variant: string): UnfitFile => ({
    ...{ kind: 'inheritune-unfit', schemaVersion: 1, variant, headSha: HEAD, reasons: ['gpu: none'] },
  });
  it.each([
    ['a machine that did not fit trained none of', []],
    ['a machine that did not fit left out a shard of', [1]],
  ])('are neutral where %s a variant', async (_, there) => {
    for (const index of [1, 2]) leave(folder, shard('layers-2', index));
    for (const index of there) leave(folder, shard('layers-3', index));
    leavePart(folder, 'unfit.json', unfit('layers-3'));
    const base = makeEvaluation({ piqa: task('piqa', 0.5), wnli: task('wnli', 0.5) });
    const found = source({ state: 'found', label: 'x', result: base });
    expect((await reportIn(folder, found, ['layers-2', 'layers-3'])).outcome).toEqual({
      kind: 'wrongMachine',
      reasons: ['layers-3: gpu: none'],
    });
    // What else is missing is still missing.
    expect((await reportIn(folder, found, ['layers-2', 'layers-3', 'layers-4'])).outcome.kind).toBe(
      'partlyMissing',
    );
  });

  it('are neutral where no machine fitted, and a regression beside one stays one', async () => {
    leavePart(folder, 'unfit.json', unfit('layers-3'));
    expect((await reportIn(folder, undefined, ['layers-3'])).outcome.kind).toBe('wrongMachine');
    expect((await reportIn(folder, undefined, ['layers-2', 'layers-3'])).outcome.kind).toBe('empty');
    for (const index of [1, 2]) leave(folder, shard('layers-2', index, 0.2));
    const base = makeEvaluation({ piqa: task('piqa', 0.9), wnli: task('wnli', 0.9) });
    const found = source({ state: 'found', label: 'x', result: base });
    expect((await reportIn(folder, found, ['layers-2', 'layers-3'])).outcome.kind).toBe('regression');
  });

  it('are empty when there is none', async () => {
    expect((await reportIn(folder)).outcome.kind).toBe('empty');
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });

  it('are empty where the jobs before left nothing, and the step that downloads it no folder', async () => {
    rmSync(join(folder, 'shards'), { recursive: true });
    expect((await reportIn(folder)).outcome).toEqual({
      kind: 'empty',
      message: expect.stringContaining('nor the folder that they would be in') as string,
    });
  });
});

describe('against a baseline', () => {
  beforeEach(() => {
    TASKS.forEach((_, index) => {
      leave(folder, shard('default', index + 1, 0.4));
    });
  });

  it.each([
    [0.9, 'regression', 'regression'],
    [0.4, 'succeeded', 'noRegression'],
  ])('of %s the outcome is %s', async (share, kind, verdict) => {
    const base = makeEvaluation({ piqa: task('piqa', share), wnli: task('wnli', share) });
    const seen = await reportIn(folder, source({ state: 'found', label: 'merge base', result: base }));
    expect(seen).toMatchObject({ outcome: { kind }, verdict });
    expect(seen.report).toMatch(/^## [❌✅]/u);
  });

  it('with a task that this run has not is partly missing', async () => {
    const base = makeEvaluation({
      piqa: task('piqa', 0.4),
      wnli: task('wnli', 0.4),
      boolq: task('boolq', 0.4),
    });
    expect(await reportIn(folder, source({ state: 'found', label: 'x', result: base }))).toMatchObject({
      outcome: { kind: 'partlyMissing' },
      verdict: 'missing',
    });
  });

  it('of another device is incomparable, which is no failure', async () => {
    const base = makeEvaluation(
      { piqa: task('piqa', 0.9), wnli: task('wnli', 0.9) },
      { environment: { device: 'A6000', driver: 'none', precision: 'float32' } },
    );
    expect(await reportIn(folder, source({ state: 'found', label: 'x', result: base }))).toMatchObject({
      outcome: { kind: 'succeeded' },
      verdict: 'incomparable',
    });
  });

  it('that is not there yet is said', async () => {
    const seen = await reportIn(
      folder,
      source({ state: 'absent', reason: 'no baseline: the store holds no record of x | y' }),
    );
    expect(seen).toMatchObject({ outcome: { kind: 'succeeded' }, verdict: 'noBaseline' });
    expect(seen.report).toContain('no record of x &#124; y');
  });

  it('that cannot be read is an outcome of its own', async () => {
    const broken: BaselineSource = {
      find: () => Promise.reject(new BaselineError('Baseline unreadable: x.', null)),
    };
    expect((await reportIn(folder, broken)).outcome).toEqual({
      kind: 'baselineUnreadable',
      message: 'Baseline unreadable: x.',
    });
  });
});

describe('what is not a shard of this commit', () => {
  it.each<[string, unknown, RegExp]>([
    ['JSON of another kind', { a: 1 }, /x\.json is not a shard of results: kind/],
    ['a further field', { ...shard('default', 1), extra: 1 }, /extra/],
    ['a variant that is markup', { ...shard('default', 1), variant: '<b>' }, /variant/],
    [
      'an index above the count',
      { ...shard('default', 1), shard: { index: 3, count: 2 } },
      /index is above count/,
    ],
    [
      'another commit',
      { ...shard('default', 1), headSha: 'b'.repeat(40) },
      /x\.json is about commit bbbbbbbbbbbb, this job about aaaaaaaaaaaa/,
    ],
    [
      'a score that is not a number',
      withScore(shard('default', 1), null),
      /x\.json is not an evaluation result: tasks\.piqa\.metrics\.acc/,
    ],
    ['a task without items', withItems(shard('default', 1), []), /tasks\.piqa\.items/],
  ])('%s is refused by name', async (_, json, message) => {
    writeFileSync(join(folder, 'shards/x.json'), JSON.stringify(json));
    await expect(reportIn(folder)).rejects.toThrow(message);
  });

  it('text that is not JSON is refused', async () => {
    writeFileSync(join(folder, 'shards/x.json'), '{"kind":');
    await expect(reportIn(folder)).rejects.toThrow(/x\.json is not a part of this run: it is not JSON/);
  });

  it('a link out of the folder is not followed', async () => {
    writeFileSync(join(folder, 'secret.json'), '{}');
    symlinkSync(join(folder, 'secret.json'), join(folder, 'shards/link.json'));
    expect((await reportIn(folder)).outcome.kind).toBe('empty');
  });

  it('a folder that is a file is named', async () => {
    rmSync(join(folder, 'shards'), { recursive: true });
    writeFileSync(join(folder, 'shards'), '');
    await expect(reportIn(folder)).rejects.toThrow(/shards with the results cannot be read \(ENOTDIR\)/);
  });
});

function withScore(file: ShardFile, acc: unknown): unknown {
  const piqa = { ...task('piqa', 0.5), metrics: { acc } };
  return { ...file, results: { trained: { ...file.results.trained, tasks: { piqa } } } };
}

function withItems(file: ShardFile, items: unknown): unknown {
  const piqa = { ...task('piqa', 0.5), items };
  return { ...file, results: { trained: { ...file.results.trained, tasks: { piqa } } } };
}
