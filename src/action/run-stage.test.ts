import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import { given, HEAD, recordOf, runIn } from './run-action.fixture.ts';
import { parseShardFile } from './shard-file.ts';
import { parseTrainingFile } from './training-file.ts';
import type { TrainingFile } from './training-file.ts';

let workspace: string;
beforeEach(() => {
  workspace = realpathSync(mkdtempSync(join(tmpdir(), 'inheritune-stage-')));
});
afterEach(() => {
  rmSync(workspace, { recursive: true, force: true });
});

describe('one part of the work', () => {
  const hash = 'a'.repeat(64);
  const summary = (left: readonly unknown[]): string =>
    JSON.stringify({
      ...{
        schemaVersion: 1,
        command: 'x',
        recipe: { file: 'x', overrides: [] },
        stages: [],
        models: {},
        left,
      },
      hashes: {
        ...{ referenceWeights: hash, inheritedWeights: null, tokenStream: null, batchOrder: null },
        trainedWeights: hash,
      },
    });
  const trained = { model: 'trained', label: 'trained', inputHash: hash, folder: '.', validation: null };
  const reference = { ...trained, model: 'reference', label: 'reference (4 blocks)', folder: null };

  it('train leaves the evaluation, needs no report, and leaves its part of the record', async () => {
    const result = await run(
      { files: { 'config.json': '{}', 'results.json': summary([reference, trained]) }, exitCode: 0 },
      { stages: 'train', set: 'train.seed=2' },
    );
    expect(given(workspace)).toMatchObject({
      command: 'run',
      options: ['--out', 'out', '--set', 'train.seed=2', '--leave-evaluation'],
    });
    expect(result).toMatchObject({
      outcome: { kind: 'succeeded' },
      files: { 'model-path': 'out', 'record-path': 'out/training-default.json' },
      left: { reference: null, trained: 'out' },
    });
    const part: unknown = JSON.parse(readFileSync(join(workspace, 'out/training-default.json'), 'utf8'));
    expect(parseTrainingFile(part, 'x')).toMatchObject({
      ...{ variant: 'default', headSha: HEAD },
      record: { command: 'inheritune run recipe.json --set train.seed=2' },
      left: [{ model: 'reference' }, { model: 'trained', inputHash: hash }],
    });
  });

  it('train without a model is empty, unless the baseline had all that was asked for', async () => {
    const outcome = async (files: Readonly<Record<string, string>>) =>
      (await run({ files, exitCode: 0 }, { stages: 'train' })).outcome.kind;
    expect(await outcome({})).toBe('empty');
    expect(await outcome({ 'results.json': summary([trained]) })).toBe('empty');
    expect(await outcome({ 'results.json': summary([]) })).toBe('succeeded');
  });

  it('train is given the record of its baseline', async () => {
    const record = { content: recordOf('b'.repeat(40)), source: 'x' };
    const found = { state: 'found' as const, label: 'x', result: makeEvaluation({}), record };
    await run(
      { files: { 'config.json': '{}', 'results.json': summary([trained]) }, exitCode: 0 },
      { stages: 'train' },
      { baseline: () => ({ find: () => Promise.resolve(found) }) },
    );
    expect(given(workspace)).toMatchObject({
      options: ['--out', 'out', '--leave-evaluation', '--baseline', 'out/baseline.json'],
    });
  });

  it('evaluate with nothing left looks at no machine and starts nothing', async () => {
    mkdirSync(join(workspace, 'parts'));
    const part: TrainingFile = {
      ...{ kind: 'inheritune-training', schemaVersion: 2, variant: 'default', headSha: HEAD, left: [] },
      record: recordOf(HEAD),
    };
    writeFileSync(join(workspace, 'parts/training.json'), JSON.stringify(part));
    const result = await run(
      { files: {}, exitCode: 1 },
      { stages: 'evaluate', results: 'parts', preflight: 'true' },
      { preflight: () => Promise.reject(new Error('not asked for')), expectsScores: true },
    );
    expect(result).toMatchObject({
      outcome: { kind: 'succeeded' },
      files: { 'results-path': 'out/shard-default-1-of-1.json' },
    });
    const file: unknown = JSON.parse(readFileSync(join(workspace, 'out/shard-default-1-of-1.json'), 'utf8'));
    expect(parseShardFile(file, 'x')).toMatchObject({ models: [], results: {}, requested: ['piqa'] });
  });
});

function run(
  ...given: Parameters<typeof runIn> extends [string, ...infer Rest] ? Rest : never
): ReturnType<typeof runIn> {
  return runIn(workspace, ...given);
}
