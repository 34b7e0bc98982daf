import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { PULL, ours, startServer, sync } from '../../test/github/comment-runs.ts';
import { SETTLE_MS } from './sticky-comment.ts';

describe('50 runs at once, out of order, over a slow network', () => {
  test.each([
    // All runs are about the head, so that only their ids tell which is newer; or each about the commit of its own push.
    [1, 'one head'],
    [2, 'a head each'],
  ] as const)('end in one comment with the newest result (seed %i, %s)', async (seed, heads) => {
    const headOf = (runId: number): string => runId.toString(16).padStart(40, '0');
    const random = generator(seed);
    const github = await startServer({
      latencyMs: () => ({ before: random() * 150, after: random() * 150 }),
    });
    for (let index = 0; index < 120; index += 1) github.repository.addComment(PULL, 'reader', 'remark');
    if (heads === 'a head each') github.repository.heads.set(PULL, headOf(0));
    const runIds = Array.from({ length: 50 }, (_, index) => 100 + ((index * 37) % 50));
    const results = await Promise.all(
      runIds.map(async (runId) => {
        await sleep(random() * 2500);
        // The next push moves the head while earlier runs are still on their way.
        const current = Number.parseInt(github.repository.heads.get(PULL) ?? '0', 16) || 0;
        if (heads === 'a head each' && runId > current) github.repository.heads.set(PULL, headOf(runId));
        const head = heads === 'a head each' ? { headSha: headOf(runId) } : {};
        return sync(github, { ...head, runId, body: `result ${String(runId)}`, settleMs: SETTLE_MS });
      }),
    );
    expect(ours(github)).toHaveLength(1);
    expect(ours(github)[0]?.body).toMatch(/run=149 .*\nresult 149$/);
    expect(results.filter(({ status }) => status === 'notWritten')).toEqual([]);
    expect(github.repository.comments.filter(({ login }) => login === 'reader')).toHaveLength(120);
    await github.stop();
  });
});

/** mulberry32, so that a failing order can be repeated. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
