import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { StageRunner } from './stage-record.ts';
import type { Stage } from './stage-record.ts';

const folder = mkdtempSync(join(tmpdir(), 'inheritune-stages-'));
afterAll(() => rm(folder, { recursive: true }));

const stage = (name: string, work: () => Promise<number>): Stage<number> => ({
  ...{ name, inputs: () => [name], outputs: [], work },
});

function runner(groups: boolean): { stages: StageRunner; notes: string[] } {
  const notes: string[] = [];
  return { notes, stages: new StageRunner(folder, (text) => notes.push(text), groups) };
}

test("in the log of a GitHub job each stage's lines are a section of their own", async () => {
  const { stages, notes } = runner(true);
  await stages.run(stage('inherit', async () => notes.push('copying')));
  await stages.run(stage('train', async () => notes.push('step 1')));
  expect(notes).toEqual([
    ...['::group::inherit', 'copying', '::endgroup::'],
    ...['::group::train', 'step 1', '::endgroup::'],
  ]);
});

test('a section ends where its stage fails, so that the error is not folded away', async () => {
  const { stages, notes } = runner(true);
  const failing = stage('evaluate', () => Promise.reject(new Error('out of memory')));
  await expect(stages.run(failing)).rejects.toThrow('out of memory');
  expect(notes).toEqual(['::group::evaluate', '::endgroup::']);
});

test('elsewhere there are no sections, and a stage that is reused has none', async () => {
  const { stages, notes } = runner(false);
  await stages.run(stage('report', async () => 1));
  expect(notes).toEqual([]);
  const again = runner(true);
  await again.stages.run(stage('report', async () => 1));
  expect(again.notes).toEqual(['report: inputs unchanged, reused']);
});
