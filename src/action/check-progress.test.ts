import { describe, expect, it } from 'vitest';
import { HEAD, startServer } from '../../test/github/comment-runs.ts';
import type { CheckTarget, CheckWrite } from '../github/check-run.ts';
import { startCheckRun, updateCheckRun } from '../github/check-run.ts';
import { createClient } from '../github/client.ts';
import type { ApiFault } from '../github/github-error.ts';
import type { ProgressClock } from './check-progress.ts';
import { MAX_WRITES, progressText, showProgress } from './check-progress.ts';
import type { TrainingState } from './training-state.ts';

const DAY_MS = 24 * 3_600_000;
const STATE = { step: 1, lossNats: 3.21456, tokens: 512, tokensPerSecond: 256, tokensPerStep: 512 };

describe('the write budget', () => {
  it.each([
    [1, 62],
    [6, 180],
    [24, 260],
    [120, MAX_WRITES - 1],
  ])(
    'in %i hours of training at most %i writes are made, and progress is shown to the end',
    async (hours, most) => {
      const seen = await simulate(hours * 3_600_000);
      expect(seen.writes.length).toBeLessThanOrEqual(most);
      expect(seen.writes.at(-1)).toBeGreaterThan(hours * 3_600_000 * 0.96);
    },
  );

  it('never writes more than once a minute after the first, far below 500 an hour', async () => {
    const { writes } = await simulate(DAY_MS);
    const gaps = writes.slice(1).map((at, index) => at - writes[index]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(60_000);
  });

  it('writes nothing while no step is done', async () => {
    expect((await simulate(3_600_000, { read: () => undefined })).writes).toEqual([]);
    expect((await simulate(3_600_000, { read: () => STATE })).writes).toHaveLength(1);
  });
});

describe('a write that fails', () => {
  const failing = (fault: ApiFault) => () => Promise.resolve<CheckWrite>({ status: 'notWritten', fault });

  it.each(['forbidden', 'unauthorized', 'missing'] as const)(
    'for good (%s) ends the display with one warning',
    async (kind) => {
      const seen = await simulate(3_600_000, { write: failing({ kind, text: 'no' }) });
      expect(seen.writes).toHaveLength(1);
      expect(seen.warnings).toEqual([expect.stringContaining('GitHub says "no"') as string]);
    },
  );

  it('by a secondary limit is followed by the pause that GitHub asks for', async () => {
    const fault = { kind: 'rateLimited', text: 'slow down', retryAfterMs: 600_000 } as const;
    const { writes } = await simulate(3_600_000, { write: failing(fault) });
    expect(writes).toEqual([20_000, 620_000, 1_220_000]);
  });

  it('now and then does not end the display', async () => {
    let count = 0;
    const write = (): Promise<CheckWrite> => {
      count += 1;
      return Promise.resolve(
        count % 2 === 0
          ? { status: 'written', id: 1, url: '' }
          : { status: 'notWritten', fault: { kind: 'transient', text: '502' } },
      );
    };
    const seen = await simulate(3_600_000, { write });
    expect(seen.writes.length).toBeGreaterThan(50);
    expect(seen.warnings).toEqual([]);
  });
});

it('on GitHub, an hour of training with a fault in it ends in the newest step', async () => {
  const github = await startServer();
  const target: CheckTarget = {
    client: createClient({ token: 'workflow-token', apiUrl: github.apiUrl }),
    ...{ owner: 'octo', repo: 'models', name: 'Inheritune', headSha: HEAD, externalId: '1', detailsUrl: '' },
    clock: { now: Date.now, sleep: () => Promise.resolve() },
  };
  const start = await startCheckRun(target, { title: 'Started', summary: '' });
  if (start.status !== 'written') throw new Error('not started');
  github.repository.faults.push({ kind: 'secondaryLimit', seconds: 300, method: 'PATCH', times: 1 });
  await simulate(8 * 60_000, { write: (text) => updateCheckRun(target, start.id, text), totalSteps: 1000 });
  expect(github.repository.checks).toMatchObject([
    {
      status: 'in_progress',
      title: expect.stringMatching(/^Training: step 4\d\d of 1,000, loss 3\.215, \d+ min left$/) as string,
    },
  ]);
  // Start, the refused write, and one a minute from 300 s on.
  expect(github.repository.writes().length).toBeLessThanOrEqual(6);
  await github.stop();
});

describe('progressText', () => {
  it('of a run that trains several models names the one that is trained now', () => {
    expect(progressText({ ...STATE, step: 400, model: 'target-2-blocks' }, 1000).title).toMatch(
      /^Training target-2-blocks: step 400 of 1,000, loss 3\.215, .* left for it$/,
    );
  });

  it('says step, loss and time left', () => {
    expect(progressText({ ...STATE, step: 400 }, 1000).title).toBe(
      'Training: step 400 of 1,000, loss 3.215, 20 min left',
    );
  });

  it.each([
    [undefined, 'Training: step 400, loss 3.215'],
    [400, 'Training: step 400 of 400, loss 3.215, less than a minute left'],
    [100_000, 'Training: step 400 of 100,000, loss 3.215, 55 h 20 min left'],
  ])('with %s steps in all: %s', (totalSteps, title) => {
    expect(progressText({ ...STATE, step: 400 }, totalSteps).title).toBe(title);
  });
});

interface Simulation {
  readonly read?: () => TrainingState | undefined;
  readonly write?: (text: { title: string; summary: string }) => Promise<CheckWrite>;
  readonly totalSteps?: number;
}

/** A training with a step a second that lasts so long, by a clock that only sleeping moves. */
async function simulate(
  durationMs: number,
  { read, write, totalSteps }: Simulation = {},
): Promise<{ writes: number[]; warnings: string[] }> {
  let now = 0;
  const clock: ProgressClock = {
    now: () => now,
    sleep: (ms) => {
      now += ms;
      return now > durationMs ? Promise.reject(new Error('ended')) : Promise.resolve();
    },
  };
  const writes: number[] = [];
  const warnings: string[] = [];
  await showProgress({
    read: read ?? (() => ({ ...STATE, step: Math.floor(now / 1000), tokensPerSecond: 512 })),
    write: (text) => {
      writes.push(now);
      return write?.(text) ?? Promise.resolve({ status: 'written', id: 1, url: '' });
    },
    totalSteps,
    clock,
    signal: new AbortController().signal,
    warn: (text) => warnings.push(text),
  });
  return { writes, warnings };
}
