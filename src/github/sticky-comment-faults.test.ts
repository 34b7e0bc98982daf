import { describe, expect } from 'vitest';
import { bodies, it, ours, sync } from '../../test/github/comment-runs.ts';
import { COMMENT_LIMIT } from '../report/github-limits.ts';

describe.concurrent('limits and faults', () => {
  it('a body over the limit is fitted, marker included', async ({ github }) => {
    expect(await sync(github, { runId: 10, body: 'x'.repeat(90_000) })).toMatchObject({ status: 'created' });
    expect(bodies(github)[0]).toHaveLength(COMMENT_LIMIT.maximum);
    expect(await sync(github, { runId: 11, body: 'y'.repeat(90_000) })).toMatchObject({ status: 'updated' });
  });

  it('a body GitHub still calls too long is shortened further', async ({ github }) => {
    github.repository.faults.push({ kind: 'tooLong', method: 'POST', path: /\/comments$/, times: 1 });
    expect(await sync(github, { runId: 10, body: 'x'.repeat(90_000) })).toMatchObject({ status: 'created' });
    expect(bodies(github)[0]).toHaveLength(COMMENT_LIMIT.maximum / 2);
  });

  it('a read-only token writes nothing and says so at once', async ({ github }) => {
    github.repository.faults.push({ kind: 'readOnlyToken', path: /\/comments/ });
    expect(await sync(github, { runId: 10, body: 'x' })).toMatchObject({
      status: 'notWritten',
      reason: 'forbidden',
      text: expect.stringContaining('Resource not accessible by integration') as string,
    });
    expect(github.repository.writes()).toHaveLength(1);
  });

  it('a bad token is named', async ({ github }) => {
    expect(await sync(github, { runId: 10, body: 'x', token: 'expired' })).toMatchObject({
      status: 'notWritten',
      reason: 'unauthorized',
    });
  });

  it('a secondary limit on a write is waited for as long as GitHub asks, then read again', async ({
    github,
  }) => {
    github.repository.faults.push({
      kind: 'secondaryLimit',
      seconds: 2,
      method: 'POST',
      path: /\/comments$/,
      times: 1,
    });
    const startedMs = Date.now();
    expect(await sync(github, { runId: 10, body: 'x' })).toMatchObject({ status: 'created' });
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(2000);
    expect(ours(github)).toHaveLength(1);
  });

  it('a secondary limit on a read is waited for', async ({ github }) => {
    github.repository.faults.push({
      kind: 'secondaryLimit',
      seconds: 1,
      method: 'GET',
      path: /\/comments$/,
      times: 1,
    });
    expect(await sync(github, { runId: 10, body: 'x' })).toMatchObject({ status: 'created' });
  });

  it('a limit that lasts past the deadline is not waited for', async ({ github }) => {
    github.repository.faults.push({ kind: 'hourlyLimit', seconds: 3000 });
    const startedMs = Date.now();
    expect(await sync(github, { runId: 10, body: 'x' })).toMatchObject({
      status: 'notWritten',
      reason: 'deadline',
    });
    expect(Date.now() - startedMs).toBeLessThan(60_000);
  });

  it('a 502 on a read is asked again', async ({ github }) => {
    github.repository.faults.push({ kind: 'badGateway', method: 'GET', path: /\/comments$/, times: 2 });
    expect(await sync(github, { runId: 10, body: 'x' })).toMatchObject({ status: 'created' });
  });

  it('a create that answered 502 but took effect is not created twice', async ({ github }) => {
    github.repository.faults.push({
      kind: 'badGatewayAfterEffect',
      method: 'POST',
      path: /\/comments$/,
      times: 1,
    });
    expect(await sync(github, { runId: 10, body: 'x' })).toMatchObject({ status: 'unchanged' });
    expect(github.repository.writes()).toHaveLength(1);
    expect(ours(github)).toHaveLength(1);
  });

  it('a broken connection on an update is planned anew', async ({ github }) => {
    await sync(github, { runId: 10, body: 'x' });
    github.repository.faults.push({ kind: 'hangUp', method: 'PATCH', times: 1 });
    expect(await sync(github, { runId: 11, body: 'y' })).toMatchObject({ status: 'updated' });
  });

  it('a server that never answers ends in a named reason', async ({ github }) => {
    github.repository.faults.push({ kind: 'slow', seconds: 20, path: /\/comments/ });
    expect(
      await sync(github, { runId: 10, body: 'x', requestTimeoutMs: 200, deadlineMs: 1500 }),
    ).toMatchObject({
      status: 'notWritten',
      reason: 'deadline',
    });
  }, 60_000);
});
