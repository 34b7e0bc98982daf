import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { cli } from '../support/cli.ts';
import { inRepository } from '../support/repository.ts';
import { smallRecipe, temporaryFolder, writeRecipe } from './train-process.ts';

// What comes after the last step, such as hashing the model, takes minutes for a large one: a run killed in them must not train again.

let folder: string;
let recipe: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  const train = { steps: 6, checkpointEvery: 2, validateEvery: 3, validationTokens: 256 };
  recipe = await writeRecipe(folder, smallRecipe(train));
});

/** Changes with every training into the folder: each writes its log anew. */
async function training(out: string): Promise<string> {
  const { ino, mtimeMs } = await stat(join(out, 'train.jsonl'));
  return `${ino} ${mtimeMs}`;
}

async function done(args: readonly string[]): Promise<void> {
  const { exitCode, errors } = await cli(args);
  expect(exitCode, errors).toBe(0);
}

test('train --resume leaves a run that is over as it is, and trains anew where its model is damaged', async () => {
  const out = join(folder, 'train');
  await done(['train', recipe, '--out', out]);
  const [first, model] = [await training(out), await readFile(join(out, 'model.safetensors'))];

  // A kill between the two leaves the last checkpoint as well.
  await mkdir(join(out, 'checkpoints', 'step-00000006'), { recursive: true });
  await done(['train', recipe, '--out', out, '--resume']);
  expect(await training(out)).toBe(first);
  expect(existsSync(join(out, 'checkpoints'))).toBe(false);

  await truncate(join(out, 'model.safetensors'), 100);
  await done(['train', recipe, '--out', out, '--resume']);
  const second = await training(out);
  expect(second).not.toBe(first);
  expect(await readFile(join(out, 'model.safetensors'))).toEqual(model);

  await done(['train', recipe, '--out', out]);
  expect(await training(out)).not.toBe(second);
});

test('with other settings, or half a note of the end, it is trained', async () => {
  const out = join(folder, 'other');
  const resumed = ['train', recipe, '--out', out, '--resume', '--set', 'train.seed=2'];
  await done(['train', recipe, '--out', out]);
  const first = await training(out);
  await done(resumed);
  const second = await training(out);
  expect(second).not.toBe(first);
  await writeFile(join(out, 'finished.json'), '{"schemaVersion":1,');
  await done(resumed);
  expect(await training(out)).not.toBe(second);
});

test('run, killed after the last step and before the stage was noted, trains nothing again', async () => {
  const out = join(folder, 'run');
  const args = ['run', inRepository('test/fixtures/recipes/action.yml'), '--out', out];
  await done(args);
  const first = await training(out);
  const noted = join(out, 'stages', 'train.json');
  const before = JSON.parse(await readFile(noted, 'utf8')) as { result: object };
  await rm(noted);
  await done(args);
  expect(await training(out)).toBe(first);
  const { steps, tokens, seconds, fingerprint, validation } = before.result as Record<string, unknown>;
  expect(JSON.parse(await readFile(noted, 'utf8'))).toMatchObject({
    result: { steps, tokens, seconds, fingerprint, validation },
  });
});
