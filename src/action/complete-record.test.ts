import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import { makeRecord } from '../../test/store/make-record.ts';
import { expandModel } from '../store/compact-model.ts';
import { parseRunRecord } from '../store/run-record.ts';
import type { BaselineFound } from './baseline.ts';
import { HEAD, leave, leavePart, reportIn, shard, source, task } from './report-stage.fixture.ts';
import type { TrainingFile } from './training-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inheritune-report-'));
  mkdirSync(join(folder, 'shards'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the record of a run whose parts were done by several jobs', () => {
  const training = (variant: string): TrainingFile => ({
    ...{ kind: 'inheritune-training', schemaVersion: 1, variant, headSha: HEAD },
    record: makeRecord({}, { name: variant, commit: HEAD, environment: { trainingDevice: 'A6000' } }),
  });
  beforeEach(() => {
    for (const index of [1, 2]) leave(folder, shard('layers-2', index));
    leavePart(folder, 'training.json', training('layers-2'));
  });

  it('is put together from the training and the merged scores', async () => {
    expect((await reportIn(folder)).hasRecords).toBe(true);
    const text = readFileSync(join(folder, 'out/records/layers-2.json'), 'utf8');
    const record = parseRunRecord(text, 'layers-2.json');
    expect(record).toMatchObject({
      ...{ name: 'layers-2', commit: HEAD },
      environment: { trainingDevice: 'A6000', device: 'CPU', precision: 'float32' },
      models: { trained: { tasks: { piqa: { docs: 40 }, wnli: { docs: 40 } } } },
      cost: { trainedTokens: 1e6 },
    });
    expect(record.hashes.itemScores['trained']).toMatch(/^[0-9a-f]{64}$/);
    // What a later change is compared with: equal scores are no difference.
    const model = expandModel(record.models['trained']!, record.itemSets);
    expect((await reportIn(folder, source({ state: 'found', label: 'x', result: model }))).verdict).toBe(
      'noRegression',
    );
  });

  it('names the first stage that differs from its baseline, the cost, and the command that repeats it', async () => {
    const content = makeRecord(
      { trained: makeEvaluation({ piqa: task('piqa', 0.5), wnli: task('wnli', 0.5) }) },
      { command: 'inheritune run base.yml', stageInputs: {} },
    );
    const hashes = { ...content.hashes, tokenStream: 'f'.repeat(64) };
    const base: BaselineFound = {
      ...{ state: 'found', label: 'merge base abc' },
      result: expandModel(content.models['trained']!, content.itemSets),
      record: { content: { ...content, hashes }, source: '<(git show origin/data:runs/x.json)' },
    };
    const { report } = await reportIn(folder, source(base));
    expect(report).toContain('First stage that differs: **token stream**');
    expect(report).toContain('inheritune compare <(git show origin/data:runs/x.json) records/layers-2.json');
    expect(report).toContain('inheritune run base.yml');
  });

  it('is not made of a variant that lacks a shard or its training', async () => {
    leave(folder, shard('layers-3', 1));
    leavePart(folder, 'training-3.json', training('layers-3'));
    for (const index of [1, 2]) leave(folder, shard('layers-4', index));
    await reportIn(folder);
    expect(readdirSync(join(folder, 'out/records'))).toEqual(['layers-2.json']);
  });

  it('is refused where it is of another commit, or no record', async () => {
    leavePart(folder, 'other.json', { ...training('layers-2'), headSha: 'b'.repeat(40) });
    await expect(reportIn(folder)).rejects.toThrow(/other\.json is about commit bbbbbbbbbbbb/);
    leavePart(folder, 'other.json', { ...training('layers-2'), record: { kind: 'run' } });
    await expect(reportIn(folder)).rejects.toThrow(/other\.json is not a run record/);
    leavePart(folder, 'other.json', { ...training('layers-2'), more: 1 });
    await expect(reportIn(folder)).rejects.toThrow(/other\.json is not what a train job leaves/);
  });
});
