import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { hashFile } from '../../src/engine/hash-file.ts';
import { numbersOf, runCli, smallRecipe, temporaryFolder, writeRecipe } from './train-process.ts';

/** Kills of the random-moment test: each signal at any moment and while it trains. INHERITUNE_KILLS=100 for a long one. */
const KILLS = Number(process.env['INHERITUNE_KILLS'] ?? 6);
const STEPS = 400;

// Processes that start one after another: 20 s on a quiet machine, minutes on a busy one.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

let folder: string;
let recipe: string;
let whole: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  recipe = await writeRecipe(
    folder,
    smallRecipe({ steps: STEPS, checkpointEvery: 10, validateEvery: 50, validationTokens: 256 }),
  );
  whole = join(folder, 'whole');
  const ended = await runCli(['train', recipe, '--out', whole]);
  expect(ended.code, ended.stderr).toBe(0);
});

const resume = (out: string) => ['train', recipe, '--out', join(folder, out), '--resume'];

async function expectSameAsWhole(out: string): Promise<void> {
  expect(await numbersOf(join(folder, out))).toEqual(await numbersOf(whole));
  const model = (run: string): Promise<string> => hashFile(join(run, 'model.safetensors'));
  expect(await model(join(folder, out))).toBe(await model(whole));
}

test(`a run killed ${KILLS} times at random moments ends with every number of the uninterrupted one`, async () => {
  const signals: NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT'];
  const kills: string[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const signal = signals[kill % signals.length]!;
    const delayMs = Math.random() * 1000;
    let armed = false;
    const ended = await runCli(resume('killed'), (text, send) => {
      // Half of the kills at any moment of the process's life, half once it trains.
      if (armed || (kill % 2 === 0 && !text.includes('training: started'))) return;
      armed = true;
      setTimeout(() => send(signal), delayMs).unref();
    });
    kills.push(`${signal} after ${delayMs.toFixed(0)} ms: ${ended.code ?? ended.signal}`);
    if (signal === 'SIGKILL') expect(ended.signal ?? ended.code, kills.join('\n')).toSatisfy(isKillOrDone);
    else expect([75, 0], `${kills.join('\n')}\n${ended.stderr}`).toContain(ended.code);
  }
  expect((await runCli(resume('killed'))).code).toBe(0);
  await expectSameAsWhole('killed');
});

test('the cancellation of a runner, SIGINT and then SIGTERM, leaves a checkpoint and exit code 75', async () => {
  let sent = false;
  const ended = await runCli(resume('cancelled'), (text, send) => {
    if (sent || !text.includes('training: started')) return;
    sent = true;
    // The second one almost at once: harder than the runner's 7.5 s, since the checkpoint is being written.
    setTimeout(() => send('SIGINT'), 500).unref();
    setTimeout(() => send('SIGTERM'), 505).unref();
  });
  expect(ended.code, ended.stderr).toBe(75);
  expect(ended.stderr).toMatch(/Interrupted; the checkpoint after step \d+ of 400/);
  const names = await readdir(join(folder, 'cancelled', 'checkpoints'));
  expect(
    names.every((name) => /^step-\d+$/.test(name)),
    names.join(' '),
  ).toBe(true);
  expect((await runCli(resume('cancelled'))).code).toBe(0);
  await expectSameAsWhole('cancelled');
});

test('a damaged newest checkpoint is passed over for the one before it, and said', async () => {
  let sent = false;
  await runCli(resume('damaged'), (text, send) => {
    if (sent || !text.includes('training: started')) return;
    sent = true;
    setTimeout(() => send('SIGTERM'), 700).unref();
  });
  const checkpoints = join(folder, 'damaged', 'checkpoints');
  const newest = (await readdir(checkpoints)).sort().at(-1)!;
  const file = join(checkpoints, newest, 'training.safetensors');
  const bytes = await readFile(file);
  bytes[bytes.length - 5]! ^= 1;
  await writeFile(file, bytes);
  await appendFile(join(folder, 'damaged', 'train.jsonl'), '{"step":3,"lo');
  const ended = await runCli(resume('damaged'));
  expect(ended.stderr).toContain(`checkpoint ${newest} is damaged and passed over`);
  expect(ended.code).toBe(0);
  await expectSameAsWhole('damaged');
});

function isKillOrDone(end: NodeJS.Signals | number | null): boolean {
  return end === 'SIGKILL' || end === 0;
}
