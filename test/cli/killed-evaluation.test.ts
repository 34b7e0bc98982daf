import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EvaluationResult } from '../../src/evaluate/result.ts';
import { modelFixture } from '../support/model-fixtures.ts';
import { runCli } from '../train/train-process.ts';

/** Kept scores at which the process is killed: a fraction of all of them. */
const ENOUGH = 40;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'killed-'));
});
afterAll(() => rm(folder, { recursive: true }));

function evaluation(out: string): string[] {
  const tasks = ['--data', 'sample', '--tasks', 'boolq,qnli,mnli'];
  return ['--device', 'cpu', 'evaluate', '--model', modelFixture('small-run'), ...tasks, '--out', out];
}

/** Scores in the file that keeps them; its first line is a header, its last one may be half a line. */
function keptIn(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 2 : 0;
}

async function loglikelihoodsIn(out: string): Promise<number[]> {
  const { tasks } = JSON.parse(await readFile(out, 'utf8')) as EvaluationResult;
  return Object.values(tasks).flatMap((task) =>
    task.status === 'scored' ? task.items.flatMap(({ loglikelihoods }) => loglikelihoods) : [],
  );
}

test('an evaluation that is killed goes on with what was not scored, and ends with the same scores', async () => {
  const out = join(folder, 'killed.json');
  const journal = `${out}.partial.jsonl`;
  let watch: NodeJS.Timeout | undefined;
  const killed = await runCli(evaluation(out), (_, send) => {
    watch ??= setInterval(() => {
      if (keptIn(journal) >= ENOUGH) send('SIGKILL');
    }, 5);
  });
  clearInterval(watch);
  expect(killed.signal, killed.stderr).toBe('SIGKILL');
  expect(existsSync(out)).toBe(false);
  const kept = keptIn(journal);

  const resumed = await runCli(evaluation(out));
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resumed.stderr).toContain(`${kept} of 280 requests were scored before the interruption.`);
  expect(existsSync(journal)).toBe(false);

  const whole = join(folder, 'whole.json');
  expect((await runCli(evaluation(whole))).code).toBe(0);
  const [ours, expected] = [await loglikelihoodsIn(out), await loglikelihoodsIn(whole)];
  expect(ours).toHaveLength(280);
  for (const [index, value] of expected.entries()) expect(Math.abs(ours[index]! - value)).toBeLessThan(1e-4);
});
