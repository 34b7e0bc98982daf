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
import { makeBinaryTask, makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import type { BaselineFound, BaselineSource } from './baseline.ts';
import { BaselineError } from './baseline.ts';
import type { ReportStageResult } from './report-stage.ts';
import { reportStage } from './report-stage.ts';
import type { ShardFile } from './shard-file.ts';

const HEAD = 'a'.repeat(40);
const TASKS = ['piqa', 'wnli'];

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
        leave(shard(variant, index + 1));
      });
    const { outcome, verdict, report, tasks } = await run();
    expect({ outcome, verdict }).toEqual({ outcome: { kind: 'succeeded' }, verdict: 'none' });
    expect(report).toMatch(/\| Task .*\| layers-2 .*\| layers-3/);
    expect(report).toMatch(/\| PIQA/);
    expect(tasks).toMatchObject({ 'layers-2': { piqa: { status: 'scored', docs: 40 } }, 'layers-3': {} });
    expect(existsSync(join(folder, 'out/results/layers-3.json'))).toBe(true);
    expect(JSON.parse(readFileSync(join(folder, 'out/results.json'), 'utf8'))).toMatchObject({
      models: { 'layers-2': { tasks: { wnli: { status: 'scored' } } } },
    });
  });

  it('are partly missing when a job left nothing, and the rest is shown', async () => {
    leave(shard('default', 1));
    const { outcome, report } = await run();
    expect(outcome).toEqual({ kind: 'partlyMissing', missing: ['shard 2 of 2 of default'] });
    expect(report).toMatch(/PIQA/);
  });

  it('are partly missing when a whole variant left nothing', async () => {
    for (const index of [1, 2]) leave(shard('layers-2', index));
    expect((await run(undefined, ['layers-2', 'layers-3'])).outcome).toEqual({
      kind: 'partlyMissing',
      missing: ['every shard of layers-3'],
    });
  });

  it('are partly missing when a task is in no shard', async () => {
    leave({ ...shard('default', 1), shard: { index: 1, count: 1 } });
    expect((await run()).outcome).toEqual({ kind: 'partlyMissing', missing: ['wnli of default'] });
  });

  it('may be more than there are tasks', async () => {
    for (const index of [1, 2]) leave({ ...shard('default', index), shard: { index, count: 3 } });
    leave({ ...shard('default', 1), shard: { index: 3, count: 3 }, result: null });
    expect((await run()).outcome.kind).toBe('succeeded');
  });

  it('are empty when there is none', async () => {
    expect((await run()).outcome.kind).toBe('empty');
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });
});

describe('against a baseline', () => {
  beforeEach(() => {
    TASKS.forEach((_, index) => {
      leave(shard('default', index + 1, 0.4));
    });
  });

  it.each([
    [0.9, 'regression', 'regression'],
    [0.4, 'succeeded', 'noRegression'],
  ])('of %s the outcome is %s', async (share, kind, verdict) => {
    const base = makeEvaluation({ piqa: task('piqa', share), wnli: task('wnli', share) });
    const seen = await run(source({ state: 'found', label: 'merge base', result: base }));
    expect(seen).toMatchObject({ outcome: { kind }, verdict });
    expect(seen.report).toMatch(/^## [❌✅]/u);
  });

  it('with a task that this run has not is partly missing', async () => {
    const base = makeEvaluation({
      piqa: task('piqa', 0.4),
      wnli: task('wnli', 0.4),
      boolq: task('boolq', 0.4),
    });
    expect(await run(source({ state: 'found', label: 'x', result: base }))).toMatchObject({
      outcome: { kind: 'partlyMissing' },
      verdict: 'missing',
    });
  });

  it('of another device is incomparable, which is no failure', async () => {
    const base = makeEvaluation(
      { piqa: task('piqa', 0.9), wnli: task('wnli', 0.9) },
      { environment: { device: 'A6000', driver: 'none', precision: 'float32' } },
    );
    expect(await run(source({ state: 'found', label: 'x', result: base }))).toMatchObject({
      outcome: { kind: 'succeeded' },
      verdict: 'incomparable',
    });
  });

  it('that is not there yet is said', async () => {
    const seen = await run(
      source({ state: 'absent', reason: 'no baseline: the store holds no record of x | y' }),
    );
    expect(seen).toMatchObject({ outcome: { kind: 'succeeded' }, verdict: 'noBaseline' });
    expect(seen.report).toContain('no record of x &#124; y');
  });

  it('that cannot be read is an outcome of its own', async () => {
    const broken: BaselineSource = {
      find: () => Promise.reject(new BaselineError('Baseline unreadable: x.', null)),
    };
    expect((await run(broken)).outcome).toEqual({
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
    await expect(run()).rejects.toThrow(message);
  });

  it('text that is not JSON is refused', async () => {
    writeFileSync(join(folder, 'shards/x.json'), '{"kind":');
    await expect(run()).rejects.toThrow(/x\.json is not a shard of results: it is not JSON/);
  });

  it('a link out of the folder is not followed', async () => {
    writeFileSync(join(folder, 'secret.json'), '{}');
    symlinkSync(join(folder, 'secret.json'), join(folder, 'shards/link.json'));
    expect((await run()).outcome.kind).toBe('empty');
  });

  it('a folder that is not there is named', async () => {
    rmSync(join(folder, 'shards'), { recursive: true });
    await expect(run()).rejects.toThrow(/shards with the shards cannot be read \(ENOENT\)/);
  });
});

function run(baseline?: BaselineSource, expected: string[] = []): Promise<ReportStageResult> {
  return reportStage({
    expected,
    ...{ shardFolder: join(folder, 'shards'), outFolder: join(folder, 'out'), headSha: HEAD, baseline },
    ...{ maximumDropPoints: 1, confidence: 0.95, reportUrl: 'https://github.com/octo/models/actions/runs/1' },
  });
}

function source(found: BaselineFound): BaselineSource {
  return { find: () => Promise.resolve(found) };
}

/** Shard 1 holds piqa, shard 2 wnli. */
function shard(variant: string, index: number, share = 0.5): ShardFile {
  const name = TASKS[index - 1]!;
  return {
    ...{ kind: 'inheritune-shard', schemaVersion: 1, variant, shard: { index, count: 2 }, headSha: HEAD },
    ...{ recipe: 'recipes/x.yml', requested: TASKS, result: makeEvaluation({ [name]: task(name, share) }) },
  };
}

function task(name: string, share: number): ReturnType<typeof makeBinaryTask> {
  return makeBinaryTask(
    name,
    Array.from({ length: 40 }, (_, index) => (index < share * 40 ? 1 : 0)),
  );
}

/** In a folder of its own, as artifacts are downloaded. */
function leave(file: ShardFile): void {
  const name = `results-${file.variant}-${String(file.shard.index)}`;
  mkdirSync(join(folder, 'shards', name));
  writeFileSync(join(folder, 'shards', name, 'shard.json'), JSON.stringify(file));
}

function withScore(file: ShardFile, acc: unknown): unknown {
  const piqa = { ...task('piqa', 0.5), metrics: { acc } };
  return { ...file, result: { ...file.result, tasks: { piqa } } };
}

function withItems(file: ShardFile, items: unknown): unknown {
  const piqa = { ...task('piqa', 0.5), items };
  return { ...file, result: { ...file.result, tasks: { piqa } } };
}
