import { describe, expect } from 'vitest';
import { HEAD, it } from '../../test/github/comment-runs.ts';
import type { FakeGitHub } from '../../test/github/fake-github.ts';
import type { CheckTarget } from './check-run.ts';
import { concludeCheckRun, startCheckRun, updateCheckRun } from './check-run.ts';
import { createClient } from './client.ts';

const STARTED = { title: 'Started', summary: 'x' };
const DONE = { title: 'Done', summary: 'y' };

describe.concurrent('a check run', () => {
  it('starts in progress, is updated and ends', async ({ github }) => {
    const check = target(github);
    const id = await started(check);
    expect(github.repository.checks).toMatchObject([
      { name: 'Inheritune', headSha: HEAD, externalId: '10-1', status: 'in_progress', conclusion: undefined },
    ]);
    await updateCheckRun(check, id, { title: 'Training: step 3', summary: 'z' });
    expect(github.repository.checks).toMatchObject([{ title: 'Training: step 3', status: 'in_progress' }]);
    expect(await concludeCheckRun(check, id, 'neutral', DONE)).toMatchObject({ status: 'written', id });
    expect(github.repository.checks).toMatchObject([
      { status: 'completed', conclusion: 'neutral', title: 'Done' },
    ]);
  });

  it('that was never started is created when it ends', async ({ github }) => {
    await concludeCheckRun(target(github), undefined, 'failure', DONE);
    expect(github.repository.checks).toMatchObject([{ status: 'completed', conclusion: 'failure' }]);
  });

  it('is not created twice when the answer to its creation is lost', async ({ github }) => {
    github.repository.faults.push({
      kind: 'badGatewayAfterEffect',
      method: 'POST',
      path: /check-runs$/,
      times: 1,
    });
    const id = await started(target(github));
    expect(github.repository.checks).toMatchObject([{ id }]);
  });

  it('that was created but not ended by a lost answer is ended by the retry', async ({ github }) => {
    const first = target(github);
    await started(first);
    github.repository.faults.push({ kind: 'badGateway', method: 'POST', path: /check-runs$/, times: 1 });
    await concludeCheckRun(first, undefined, 'success', DONE);
    expect(github.repository.checks).toMatchObject([{ status: 'completed', conclusion: 'success' }]);
  });

  it("does not take another attempt's check run of the same name for its own", async ({ github }) => {
    await started(target(github, '9-1'));
    github.repository.faults.push({ kind: 'badGateway', method: 'POST', path: /check-runs$/, times: 1 });
    await started(target(github));
    expect(github.repository.checks.map(({ externalId }) => externalId)).toEqual(['9-1', '10-1']);
  });

  it('waits as long as a secondary limit asks, by the clock it was given', async ({ github }) => {
    github.repository.faults.push({
      ...{ kind: 'secondaryLimit', seconds: 60, method: 'POST', path: /check-runs$/, times: 1 },
    });
    const slept: number[] = [];
    await started(target(github, '10-1', slept));
    expect(slept).toEqual([60_000]);
  });

  it('is given up at once where the token may only read', async ({ github }) => {
    github.repository.faults.push({ kind: 'readOnlyToken', path: /check-runs/ });
    expect(await startCheckRun(target(github), STARTED)).toMatchObject({
      status: 'notWritten',
      fault: { kind: 'forbidden' },
    });
    expect(github.repository.writes()).toHaveLength(1);
  });

  it('names an expired token', async ({ github }) => {
    const check = target(github);
    const id = await started(check);
    github.repository.faults.push({ kind: 'unauthorized', method: 'PATCH' });
    expect(await updateCheckRun(check, id, DONE)).toMatchObject({ fault: { kind: 'unauthorized' } });
  });

  it('cuts a summary to what GitHub takes', async ({ github }) => {
    const summary = 'x'.repeat(90_000);
    await concludeCheckRun(target(github), undefined, 'success', { title: 't'.repeat(400), summary });
    expect(github.repository.checks[0]?.summary).toHaveLength(65_535);
  });
});

function target(github: FakeGitHub, externalId = '10-1', slept: number[] = []): CheckTarget {
  const clock = {
    now: Date.now,
    sleep: (durationMs: number) => {
      slept.push(durationMs);
      return Promise.resolve();
    },
  };
  return {
    client: createClient({ token: 'workflow-token', apiUrl: github.apiUrl }),
    ...{ owner: 'octo', repo: 'models', name: 'Inheritune', headSha: HEAD, externalId, clock },
    detailsUrl: 'https://github.com/octo/models/actions/runs/10',
  };
}

async function started(check: CheckTarget): Promise<number> {
  const result = await startCheckRun(check, STARTED);
  if (result.status !== 'written') throw new Error(JSON.stringify(result));
  return result.id;
}
