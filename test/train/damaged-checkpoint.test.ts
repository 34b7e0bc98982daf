import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { smallTraining } from './small-training.ts';
import { numbersOf, temporaryFolder } from './train-process.ts';

let whole: string;
beforeAll(async () => {
  whole = await temporaryFolder();
  await smallTraining({ outFolder: whole });
});

/** Stopped after nine steps, with checkpoints behind 6, 8 and 9 of them. */
async function stopped(): Promise<string> {
  const outFolder = await temporaryFolder();
  await expect(smallTraining({ outFolder, stopAfter: 9 })).rejects.toMatchObject({ code: 'interrupted' });
  return outFolder;
}

async function flipped(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  await writeFile(file, bytes);
}

test.each<[string, (checkpoint: string) => Promise<void>]>([
  ['a bit of a tensor', (path) => flipped(join(path, 'training.safetensors'), -5)],
  ['a bit of the header', (path) => flipped(join(path, 'training.safetensors'), 20)],
  ['the end of the tensors', (path) => truncate(join(path, 'training.safetensors'), 1000)],
  ['all tensors', (path) => rm(join(path, 'training.safetensors'))],
  ['the end of the state', (path) => truncate(join(path, 'state.json'), 40)],
  ['the state', (path) => rm(join(path, 'state.json'))],
  [
    'a number of the state',
    async (path) => {
      const text = await readFile(join(path, 'state.json'), 'utf8');
      await writeFile(join(path, 'state.json'), text.replace('"step": 9', '"step": 8'));
    },
  ],
])('without %s the newest checkpoint is passed over for the one before it, and said', async (_, damage) => {
  const outFolder = await stopped();
  await damage(join(outFolder, 'checkpoints', 'step-00000009'));
  const notes: string[] = [];
  expect(await smallTraining({ outFolder, notes })).toMatchObject({ resumedFrom: 8 });
  expect(notes.join('\n')).toMatch(/checkpoint step-00000009 is damaged and passed over: .+\n.*after step 8/);
  expect(await numbersOf(outFolder)).toEqual(await numbersOf(whole));
});

test('with all of them damaged the run starts over, says so, and keeps what was there until it has its own', async () => {
  const outFolder = await stopped();
  const names = await readdir(join(outFolder, 'checkpoints'));
  for (const name of names) await truncate(join(outFolder, 'checkpoints', name, 'state.json'), 9);
  const notes: string[] = [];
  const again = smallTraining({ outFolder, notes, stopAfter: 1 });
  await expect(again).rejects.toMatchObject({ code: 'interrupted' });
  expect(notes.join('\n')).toContain('training starts over; the earlier checkpoints');
  expect(await readdir(join(outFolder, 'checkpoints'))).toEqual(['step-00000001']);
  expect(await smallTraining({ outFolder })).toMatchObject({ resumedFrom: 1 });
  expect(await numbersOf(outFolder)).toEqual(await numbersOf(whole));
});

test('what a kill left of a half-written checkpoint is neither used nor kept', async () => {
  const outFolder = await stopped();
  const checkpoints = join(outFolder, 'checkpoints');
  await mkdir(join(checkpoints, 'step-00000010.writing'));
  await writeFile(join(checkpoints, 'step-00000010.writing', 'training.safetensors'), 'half');
  await expect(smallTraining({ outFolder, stopAfter: 10 })).rejects.toMatchObject({ code: 'interrupted' });
  expect((await readdir(checkpoints)).filter((name) => !/^step-\d+$/.test(name))).toEqual([]);
});
