import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeGrowth } from '../../test/fixtures/judge/make-growth.ts';
import { makeGrownRecord } from '../../test/store/make-grown-record.ts';
import { makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import type { RunRecord } from '../store/run-record.ts';
import type { BaselineSource } from './baseline.ts';
import { HEAD, leave, leavePart, reportIn, shard, source, TASKS } from './report-stage.fixture.ts';
import type { TrainingFile } from './training-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inheritune-grown-'));
  mkdirSync(join(folder, 'shards'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const SEEDS = [1, 2, 3];
const environment = { device: 'cpu', precision: 'float32' };
const nameOf = (seed: number): string => `growing.seed-${String(seed)}`;

function record(seed: number, targetNats: number, weights: string, commit: string): RunRecord {
  const noise = seed / 1000;
  const growth = makeGrowth(2.5 + noise, { 4: targetNats + noise }, `${weights}${String(seed)}`);
  const seeds = { inherit: 1, data: 1, train: seed };
  return makeGrownRecord(growth, { name: nameOf(seed), commit, environment, seeds });
}

/** What the train and evaluate jobs of one seed leave. */
function leaveGrown(seed: number, targetNats: number): void {
  const variant = nameOf(seed);
  const training: TrainingFile = {
    ...{ kind: 'inheritune-training', schemaVersion: 2, variant, headSha: HEAD, left: [] },
    record: record(seed, targetNats, 'head', HEAD),
  };
  leavePart(folder, `training-${variant}.json`, training);
  leave(folder, {
    ...shard(variant, 1),
    shard: { index: 1, count: 1 },
    requested: [],
    models: [],
    results: {},
  });
}

const baseline: BaselineSource = {
  find: ({ name }) => {
    const content = record(Number(name.split('-')[1]), 2.25, 'base', 'b'.repeat(40));
    return Promise.resolve({ state: 'grown', label: 'merge base', record: { content, source: 'x.json' } });
  },
};

it.each([
  ['a higher loss is judged by the spread of the seeds', 2.45, 'regression', '**regression**'],
  ['one within the accepted rise is no regression', 2.2501, 'noRegression', 'no rise above 0.020'],
])('seeds of a matrix: %s', async (_, targetNats, verdict, word) => {
  for (const seed of SEEDS) leaveGrown(seed, targetNats);
  const expected = SEEDS.map(nameOf);
  const result = await reportIn(folder, baseline, expected);
  expect(result).toMatchObject({ verdict, tasks: {}, hasRecords: true });
  expect(result.report).toContain(`target 4 blocks (mean of 3 and 3 seeds)`);
  expect(result.report).toContain(word);
  for (const name of expected) expect(result.report).toContain(`## Growth of ${name}`);
  const results = JSON.parse(readFileSync(join(folder, 'out/results.json'), 'utf8')) as { growth: object };
  expect(Object.keys(results.growth)).toEqual(expected);
});

it('without a baseline the table alone is shown', async () => {
  leaveGrown(1, 2.25);
  const { outcome, verdict, report } = await reportIn(folder);
  expect([outcome, verdict]).toEqual([{ kind: 'succeeded' }, 'none']);
  expect(report).not.toContain('No task was evaluated');
  expect(report).toMatch(/\| target 4 blocks +\| +4 \|/);
});

it('a growing run and one with scores cannot be compared, whichever is the baseline', async () => {
  leaveGrown(1, 2.25);
  const scores = source({ state: 'found', label: 'main', result: makeEvaluation({}) });
  expect(await reportIn(folder, scores)).toMatchObject({
    ...{ verdict: 'incomparable', outcome: { kind: 'succeeded' } },
    report: expect.stringContaining('head is a growing run') as string,
  });
  rmSync(join(folder, 'shards'), { recursive: true });
  mkdirSync(join(folder, 'shards'));
  TASKS.forEach((_, index) => {
    leave(folder, shard('growing.seed-1', index + 1));
  });
  expect((await reportIn(folder, baseline)).report).toContain('base is a growing run');
});
