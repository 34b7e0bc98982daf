import { describe, expect } from 'vitest';
import { it } from '../../test/github/comment-runs.ts';
import type { FakeGitHub } from '../../test/github/fake-github.ts';
import { createClient } from './client.ts';
import type { ForkApproval } from './fork-approval.ts';
import { readForkApproval } from './fork-approval.ts';

describe.concurrent('readForkApproval', () => {
  it('names who approved this run for the environment', async ({ github }) => {
    github.repository.reviews.push({ runId: 10, environment: 'gpu', state: 'approved', login: 'ada' });
    expect(await read(github)).toEqual({ state: 'approved', by: ['ada'] });
  });

  it.for([
    ['another run', { runId: 9, environment: 'gpu', state: 'approved', login: 'ada' }],
    ['another environment', { runId: 10, environment: 'docs', state: 'approved', login: 'ada' }],
    ['a rejection', { runId: 10, environment: 'gpu', state: 'rejected', login: 'ada' }],
  ] as const)('does not take %s for an approval', async ([, review], { github }) => {
    github.repository.reviews.push(review);
    expect(await read(github)).toEqual({ state: 'notApproved' });
  });

  it('counts a rejection beside an approval as none', async ({ github }) => {
    for (const state of ['approved', 'rejected'] as const)
      github.repository.reviews.push({ runId: 10, environment: 'gpu', state, login: 'ada' });
    expect(await read(github)).toEqual({ state: 'notApproved' });
  });

  it('does not guess where GitHub does not say', async ({ github }) => {
    github.repository.faults.push({ kind: 'notFound', path: /approvals$/ });
    expect(await read(github)).toEqual({
      state: 'unknown',
      reason: expect.stringContaining('404') as string,
    });
  });
});

function read(github: FakeGitHub): Promise<ForkApproval> {
  const client = createClient({ token: 'workflow-token', apiUrl: github.apiUrl });
  return readForkApproval(client, { owner: 'octo', repo: 'models', runId: 10, environment: 'gpu' });
}
