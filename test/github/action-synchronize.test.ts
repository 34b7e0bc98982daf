import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openWorld, PULL } from './bundle-world.ts';

const PUSHES = 50;
/** Jobs at once, as runners are: more would only wait for the processor. */
const RUNNERS = 8;
const FIRST_RUN = 100;
const headOf = (runId: number): string => runId.toString(16).padStart(40, '0');

it('50 pushes, whose jobs end interleaved and out of order: exactly one comment, of the newest', async () => {
  // Neighbours in time are up to seven runs apart, and the newest is neither first nor last.
  const order = Array.from({ length: PUSHES }, (_, index) => FIRST_RUN + ((index * 37 + 20) % PUSHES));
  let turn = 0;
  const world = await openWorld({
    latencyMs: () => ({ before: (turn++ * 37) % 150, after: (turn++ * 53) % 150 }),
  });
  const folder = mkdtempSync(join(tmpdir(), 'inheritune-pushes-'));
  try {
    // A recipe that is refused ends a job without a child process.
    const recipe = join(folder, 'misspelt.yml');
    writeFileSync(recipe, 'reference: { model: ./none }\ntrian: { steps: 1 }\n');
    world.repository.heads.set(PULL, headOf(0));
    const waiting = [...order];
    const results: string[] = [];
    const runner = async (): Promise<void> => {
      for (let runId = waiting.shift(); runId !== undefined; runId = waiting.shift()) {
        // The next push moves the head while earlier jobs are still on their way.
        const head = Number.parseInt(world.repository.heads.get(PULL)!, 16);
        if (runId > head) world.repository.heads.set(PULL, headOf(runId));
        const inputs = { recipe, 'check-run': 'never' };
        const { log } = await world.main({ event: pushed(folder, runId), runId, inputs });
        results.push(log);
      }
    };
    await Promise.all(Array.from({ length: RUNNERS }, runner));
    const newest = FIRST_RUN + PUSHES - 1;
    expect(world.comments()).toMatchObject([
      { body: expect.stringContaining(`head=${headOf(newest)} run=${String(newest)} `) as string },
    ]);
    expect(results.filter((log) => log.includes('::warning::No comment was written'))).toEqual([]);
  } finally {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 240_000);

/** The payload of a push to the pull request; its path. */
function pushed(folder: string, runId: number): string {
  const source = fileURLToPath(new URL('events/pull-request.json', import.meta.url));
  const payload = JSON.parse(readFileSync(source, 'utf8')) as {
    action: string;
    pull_request: { head: { sha: string } };
  };
  payload.action = 'synchronize';
  payload.pull_request.head.sha = headOf(runId);
  const file = join(folder, `${String(runId)}.json`);
  writeFileSync(file, JSON.stringify(payload));
  return file;
}
