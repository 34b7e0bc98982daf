import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import { makeRecord, sha } from '../../test/store/make-record.ts';
import { expandModel } from '../store/compact-model.ts';
import { parseRunRecord } from '../store/run-record.ts';
import type { BaselineFound, BaselineSource } from './baseline.ts';
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
    ...{ kind: 'inheritune-training', schemaVersion: 2, variant, headSha: HEAD },
    left: [{ model: 'trained', label: 'trained', inputHash: sha('evaluation'), validation: null }],
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

  it('holds the reference as well, what was taken over from the baseline, and under which inputs each was evaluated', async () => {
    const validation = { lossNats: 4.5, perplexity: Math.exp(4.5), tokens: 100 };
    const left: TrainingFile['left'] = [
      { model: 'reference', label: 'reference (4 blocks)', inputHash: sha('reference'), validation: null },
      { model: 'trained', label: 'trained', inputHash: sha('trained'), validation },
    ];
    const inherited = makeEvaluation({ piqa: task('piqa', 0.25), wnli: task('wnli', 0.25) });
    const record = makeRecord({ inherited }, { name: 'default', commit: HEAD });
    leavePart(folder, 'training.json', { ...training('default'), record, left });
    for (const index of [1, 2]) {
      const { results, ...file } = shard('default', index);
      const { trained } = results;
      leave(folder, {
        ...file,
        models: ['reference', 'trained'],
        results: { reference: trained!, trained: trained! },
      });
    }
    rmSync(join(folder, 'shards/results-layers-2-1'), { recursive: true });
    rmSync(join(folder, 'shards/results-layers-2-2'), { recursive: true });
    const { report, tasks } = await reportIn(folder);
    expect(report).toMatch(/\| Task .*\| reference .*\| inherited .*\| default/);
    expect(Object.keys(tasks)).toEqual(['default', 'default/reference', 'default/inherited']);
    const files = ['default.inherited.json', 'default.json', 'default.reference.json'];
    expect(readdirSync(join(folder, 'out/results')).toSorted()).toEqual(files);
    const made = parseRunRecord(
      readFileSync(join(folder, 'out/records/default.json'), 'utf8'),
      'default.json',
    );
    expect(made.models).toMatchObject({
      reference: { label: 'reference (4 blocks)', validation: null, tasks: { piqa: {}, wnli: {} } },
      inherited: record.models['inherited'],
      trained: { validation, tasks: { piqa: {}, wnli: {} } },
    });
    expect(made.stageInputs).toMatchObject({
      'evaluate reference': sha('reference'),
      'evaluate trained': sha('trained'),
    });
    expect(made.stageInputs).not.toHaveProperty('evaluate inherited');
    expect(made.stageResults?.['evaluate trained']?.result).toMatchObject({ parameters: 81_000_000 });
    expect(Object.keys(made.hashes.itemScores).toSorted()).toEqual(['reference', 'trained']);
  });

  it('is whole although no shard has evaluated anything, where the baseline had every score', async () => {
    const trained = makeEvaluation({ piqa: task('piqa', 0.5), wnli: task('wnli', 0.5) });
    const record = makeRecord({ trained }, { name: 'layers-2', commit: HEAD, environment: {} });
    leavePart(folder, 'training.json', { ...training('layers-2'), record, left: [] });
    for (const index of [1, 2]) {
      rmSync(join(folder, `shards/results-layers-2-${String(index)}`), { recursive: true });
      leave(folder, { ...shard('layers-2', index), models: [], results: {} });
    }
    const base: BaselineFound = {
      ...{ state: 'found', label: 'merge base abc' },
      result: expandModel(record.models['trained']!, record.itemSets),
    };
    const seen = await reportIn(folder, source(base), ['layers-2']);
    expect(seen).toMatchObject({ outcome: { kind: 'succeeded' }, verdict: 'noRegression', hasRecords: true });
    expect(Object.keys(seen.tasks['layers-2']!)).toEqual(['piqa', 'wnli']);
  });

  it('is not made where a model that was left has no scores', async () => {
    const left = [
      { model: 'reference', label: 'r', inputHash: sha('r'), validation: null },
      ...training('layers-2').left,
    ];
    leavePart(folder, 'training.json', { ...training('layers-2'), left });
    expect((await reportIn(folder)).hasRecords).toBe(false);
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

  it('judges the validation loss by the spread over the seeds of the matrix', async () => {
    const loss = (lossNats: number) => ({ lossNats, perplexity: Math.exp(lossNats), tokens: 100 });
    const seeds = [1, 2, 3];
    const withLoss = (base: number) => (seed: number) => {
      const result = { ...makeEvaluation({ piqa: task('piqa', 0.5), wnli: task('wnli', 0.5) }) };
      return { ...result, validation: loss(base + seed / 1000) };
    };
    const [before, after] = [withLoss(4), withLoss(4.5)];
    for (const seed of seeds) {
      const name = `seed-${String(seed)}`;
      const content = makeRecord(
        {},
        { name, commit: HEAD, environment: {}, seeds: { inherit: 1, data: 1, train: seed } },
      );
      const left = training(name).left.map((each) => ({ ...each, validation: after(seed).validation }));
      leavePart(folder, `${name}.json`, { ...training(name), record: content, left });
      for (const index of [1, 2]) leave(folder, shard(name, index));
    }
    const baselines: BaselineSource = {
      find: ({ name }) => {
        const seed = Number(name.at(-1));
        const changes = { name, seeds: { inherit: 1, data: 1, train: seed } };
        const content = makeRecord({ trained: before(seed) }, changes);
        const result = expandModel(content.models['trained']!, content.itemSets);
        return Promise.resolve({ state: 'found', label: 'base', result, record: { content, source: 'x' } });
      },
    };
    rmSync(join(folder, 'shards/training.json'));
    for (const index of [1, 2])
      rmSync(join(folder, `shards/results-layers-2-${String(index)}`), { recursive: true });
    const { verdict, report } = await reportIn(folder, baselines);
    expect(verdict).toBe('regression');
    expect(report).toMatch(/validation loss/i);
    // With one seed on each side the same losses judge nothing.
    for (const seed of [2, 3]) {
      rmSync(join(folder, `shards/seed-${String(seed)}.json`));
      for (const index of [1, 2])
        rmSync(join(folder, `shards/results-seed-${String(seed)}-${String(index)}`), { recursive: true });
    }
    expect((await reportIn(folder, baselines)).verdict).toBe('noRegression');
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
