import { describe, expect } from 'vitest';
import { it } from '../../test/github/comment-runs.ts';
import type { FakeGitHub } from '../../test/github/fake-github.ts';
import { createClient } from './client.ts';
import { putFile } from './put-file.ts';

const KEY = 'data:badges/a b.json';

describe.concurrent('a file of a branch', () => {
  it('is created, replaced, and left alone where it holds the text', async ({ github }) => {
    expect(await put(github, 'one')).toEqual({ status: 'written' });
    expect(await put(github, 'two')).toEqual({ status: 'written' });
    expect(github.repository.files.get(KEY)).toBe('two');
    expect(await put(github, 'two')).toEqual({ status: 'unchanged' });
    expect(github.repository.writes()).toHaveLength(2);
  });

  it.for(['conflict', 'badGateway', 'badGatewayAfterEffect', 'hangUp', 'secondaryLimit'] as const)(
    'is written in the end after %s',
    async (kind, { github }) => {
      github.repository.faults.push({ kind, method: 'PUT', times: 2 });
      expect((await put(github, 'one')).status).not.toBe('notWritten');
      expect(github.repository.files.get(KEY)).toBe('one');
    },
  );

  it('is not written with a token that only reads', async ({ github }) => {
    github.repository.faults.push({ kind: 'readOnlyToken' });
    expect(await put(github, 'one')).toMatchObject({ status: 'notWritten', fault: { kind: 'forbidden' } });
  });
});

function put(github: FakeGitHub, text: string) {
  return putFile(
    {
      client: createClient({ token: 'workflow-token', apiUrl: github.apiUrl }),
      ...{ owner: 'octo', repo: 'models', branch: 'data', path: 'badges/a b.json' },
      clock: { now: Date.now, sleep: () => Promise.resolve() },
    },
    text,
  );
}
