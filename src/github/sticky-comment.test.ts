import { describe, expect } from 'vitest';
import { BOT, HEAD, PULL, bodies, it, ours, sync } from '../../test/github/comment-runs.ts';
import { renderMarker } from './comment-marker.ts';

const OLD_HEAD = 'b'.repeat(40);

describe.concurrent('one comment', () => {
  it('is created with the marker on its first line', async ({ github }) => {
    const result = await sync(github, { runId: 10, body: 'first' });
    expect(result).toMatchObject({
      status: 'created',
      url: expect.stringContaining('#issuecomment-') as string,
    });
    expect(bodies(github)).toEqual([
      `<!-- inheritune-action key=ci head=${HEAD} run=10 attempt=1 -->\nfirst`,
    ]);
  });

  it('is updated in place by the next run', async ({ github }) => {
    await sync(github, { runId: 10, body: 'first' });
    const [before] = github.repository.comments;
    expect(await sync(github, { runId: 11, body: 'second' })).toMatchObject({ status: 'updated' });
    expect(github.repository.comments).toHaveLength(1);
    expect(github.repository.comments[0]?.id).toBe(before?.id);
    expect(bodies(github)[0]).toMatch(/run=11 .*\nsecond$/);
  });

  it('is found on the third page', async ({ github }) => {
    for (let index = 0; index < 205; index += 1)
      github.repository.addComment(PULL, 'reader', `remark ${String(index)}`);
    await sync(github, { runId: 10, body: 'first' });
    expect(await sync(github, { runId: 11, body: 'second' })).toMatchObject({ status: 'updated' });
    expect(ours(github)).toHaveLength(1);
  });

  it('is one per key', async ({ github }) => {
    await sync(github, { runId: 10, key: 'nightly', body: 'first' });
    await sync(github, { runId: 10, key: 'ci', body: 'second' });
    expect(ours(github)).toHaveLength(2);
  });

  it('is left alone when a re-run has the same thing to say', async ({ github }) => {
    await sync(github, { runId: 10, body: 'same' });
    expect(await sync(github, { runId: 10, body: 'same' })).toMatchObject({ status: 'unchanged' });
    expect(github.repository.writes()).toHaveLength(1);
  });

  it('keeps $& and $1 of the report as they are', async ({ github }) => {
    await sync(github, { runId: 10, body: "cost $& $1 $' $$" });
    expect(bodies(github)[0]).toContain("cost $& $1 $' $$");
  });
});

describe.concurrent('whose comment it is', () => {
  it("never touches another author's comment with a forged marker", async ({ github }) => {
    const forged = renderMarker({ key: 'ci', headSha: HEAD, runId: 999, runAttempt: 1 });
    github.repository.addComment(PULL, 'mallory', `${forged}\nall is well`);
    expect(await sync(github, { runId: 10, body: 'the truth' })).toMatchObject({ status: 'created' });
    expect(bodies(github)[0]).toBe(`${forged}\nall is well`);
    expect(bodies(github)[1]).toContain('the truth');
  });

  it('does not take a marker inside a text of its own for the marker', async ({ github }) => {
    const marker = renderMarker({ key: 'ci', headSha: HEAD, runId: 999, runAttempt: 1 });
    github.repository.addComment(PULL, BOT, `another action quotes: ${marker}`);
    expect(await sync(github, { runId: 10, body: 'mine' })).toMatchObject({ status: 'created' });
  });

  it('works for a token of another app', async ({ github }) => {
    github.repository.tokens.set('app-token', 'models-ci[bot]');
    await sync(github, { runId: 10, body: 'first', token: 'app-token' });
    await sync(github, { runId: 11, body: 'second', token: 'app-token' });
    expect(github.repository.comments).toMatchObject([{ login: 'models-ci[bot]' }]);
  });

  it('learns its login from its own comment where GraphQL is closed, and merges what it finds', async ({
    github,
  }) => {
    github.repository.tokens.set('app-token', 'models-ci[bot]');
    await sync(github, { runId: 10, body: 'first', token: 'app-token' });
    github.repository.faults.push({ kind: 'notFound', path: /^\/graphql$/ });
    await sync(github, { runId: 11, body: 'second', token: 'app-token' });
    expect(bodies(github)).toEqual([expect.stringMatching(/run=11 .*\nsecond$/)]);
  });
});

describe.concurrent('the newest result stands', () => {
  it('an older run finds a newer one and writes nothing', async ({ github }) => {
    await sync(github, { runId: 11, body: 'newer' });
    const result = await sync(github, { runId: 10, headSha: OLD_HEAD, body: 'older' });
    expect(result).toMatchObject({ status: 'superseded', by: { runId: 11 } });
    expect(bodies(github)).toEqual([expect.stringContaining('newer')]);
  });

  it('a second attempt of the same run replaces the first', async ({ github }) => {
    await sync(github, { runId: 10, runAttempt: 1, body: 'first' });
    expect(await sync(github, { runId: 10, runAttempt: 2, body: 'again' })).toMatchObject({
      status: 'updated',
    });
  });

  it('a re-run of an old run does not become new', async ({ github }) => {
    await sync(github, { runId: 11, body: 'newer' });
    expect(await sync(github, { runId: 10, runAttempt: 5, body: 'older' })).toMatchObject({
      status: 'superseded',
    });
  });

  it("the pull request's head counts more than the run id", async ({ github }) => {
    await sync(github, { runId: 20, headSha: OLD_HEAD, body: 'late run of an old commit' });
    expect(await sync(github, { runId: 15, headSha: HEAD, body: 'the head' })).toMatchObject({
      status: 'updated',
    });
    expect(await sync(github, { runId: 21, headSha: OLD_HEAD, body: 'even later' })).toMatchObject({
      status: 'superseded',
    });
  });

  it('run ids decide where the token cannot read the pull request', async ({ github }) => {
    github.repository.faults.push({ kind: 'notFound', path: /\/pulls\// });
    await sync(github, { runId: 20, headSha: OLD_HEAD, body: 'a' });
    expect(await sync(github, { runId: 15, headSha: HEAD, body: 'b' })).toMatchObject({
      status: 'superseded',
    });
  });

  it('duplicates left by a race are merged into the oldest, with the newest content', async ({ github }) => {
    for (const runId of [3, 9, 5]) {
      const marker = renderMarker({ key: 'ci', headSha: HEAD, runId, runAttempt: 1 });
      github.repository.addComment(PULL, BOT, `${marker}\nresult ${String(runId)}`);
    }
    const [oldest] = github.repository.comments;
    expect(await sync(github, { runId: 4, body: 'result 4' })).toMatchObject({
      status: 'superseded',
      by: { runId: 9 },
    });
    expect(github.repository.comments).toEqual([expect.objectContaining({ id: oldest?.id })]);
    expect(bodies(github)[0]).toContain('result 9');
  });
});
