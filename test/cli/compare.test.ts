import { mkdtempSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { EvaluationResult } from '../../src/evaluate/result.ts';
import { makeBinaryTask, makeEvaluation } from '../fixtures/judge/make-evaluation.ts';
import { makeGrowth } from '../fixtures/judge/make-growth.ts';
import { makeGrownRecord } from '../store/make-grown-record.ts';
import { cli } from '../support/cli.ts';

// The exit code is what scripts go by: 3 for a regression, 1 where nothing can be said of the two.

const folder = mkdtempSync(join(tmpdir(), 'inheritune-compare-'));
afterAll(() => rm(folder, { recursive: true }));

const answers = (right: number): number[] => Array.from({ length: 400 }, (_, i) => Number(i < right));
const evaluation = (right: number, changes: Partial<EvaluationResult> = {}): EvaluationResult =>
  makeEvaluation({ piqa: makeBinaryTask('piqa', answers(right)) }, changes);

let files = 0;
function written(result: EvaluationResult): string {
  const file = join(folder, `${(files += 1)}.json`);
  writeFileSync(file, JSON.stringify(result));
  return file;
}

const base = written(evaluation(300));
const otherDevice = { environment: { device: 'A6000', driver: '550.1', precision: 'float32' } };

test.each([
  ['the same answers', evaluation(300), 0, /No regression: every log-likelihood is identical/],
  ['better ones', evaluation(360), 0, /No regression larger than 1\.00 points/],
  ['60 answers lost', evaluation(240), 3, /Regression on 1 of 1 task: PIQA/],
  ['3 answers lost', evaluation(297), 0, /Cannot tell/],
  ['another device', evaluation(240, otherDevice), 1, /Incomparable: environment device/],
  [
    'no such task',
    makeEvaluation({ qnli: makeBinaryTask('qnli', answers(300)) }),
    1,
    /Missing in head: PIQA/,
  ],
])('%s: the verdict and its exit code', async (_, head, code, text) => {
  const { exitCode, out, errors } = await cli(['compare', base, written(head)]);
  expect(errors).toBe('');
  expect(out).toMatch(text);
  expect(exitCode).toBe(code);
});

test('--out writes the report and prints its line; --max-drop moves the gate', async () => {
  const report = join(folder, 'report.md');
  const head = written(evaluation(240));
  const failed = await cli(['compare', base, head, '--out', report]);
  expect([failed.exitCode, failed.out]).toEqual([3, expect.stringMatching(/^Regression on 1 of 1 task/)]);
  expect(await readFile(report, 'utf8')).toMatch(/^## ❌ Regression[\s\S]*### All tasks/);
  expect((await cli(['compare', base, head, '--max-drop', '30'])).exitCode).toBe(0);
});

test('a file that is no result is a sentence, exit code 2', async () => {
  const broken = join(folder, 'broken.json');
  writeFileSync(broken, '{"schemaVersion":1');
  const { exitCode, errors } = await cli(['compare', base, broken]);
  expect([exitCode, errors.split('\n').length]).toEqual([2, 1]);
  expect(errors).toContain('broken.json');
});

test('two growing runs are compared by their records, and never with a run that has scores', async () => {
  const grown = (targetNats: number, weights: string): string => {
    const file = join(folder, `grown-${weights}.json`);
    const record = makeGrownRecord(makeGrowth(2.5, { 4: targetNats }, weights), {
      environment: { device: 'cpu', precision: 'float32' },
    });
    writeFileSync(file, JSON.stringify(record));
    return file;
  };
  const one = grown(2.25, 'a');
  expect(await cli(['compare', one, one])).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining('No regression: reference and targets are the same') as string,
  });
  const worse = ['b', 'c', 'd', 'e'].map((name, i) => grown(2.45 + i / 1000, name));
  const same = ['f', 'g', 'h'].map((name, i) => grown(2.251 + i / 1000, name));
  const seeds = ['--base-seeds', ...same, '--head-seeds', ...worse.slice(1)];
  const { exitCode, out } = await cli(['compare', one, worse[0]!, ...seeds]);
  expect([exitCode, out]).toEqual([
    3,
    expect.stringContaining('Regression of the validation loss of target 4'),
  ]);
  expect(await cli(['compare', one, base])).toMatchObject({
    exitCode: 2,
    errors: expect.stringContaining('is a growing run, which has validation losses') as string,
  });
});
