import { expect, it } from 'vitest';
import { classifyApiError } from './github-error.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

it.each([
  [403, 'Resource not accessible by integration', {}, { kind: 'forbidden' }],
  [403, 'Unable to create comment because issue is locked.', {}, { kind: 'forbidden' }],
  [403, 'You have exceeded a secondary rate limit.', {}, { kind: 'rateLimited', retryAfterMs: 60_000 }],
  [403, 'slow down', { 'retry-after': '7' }, { kind: 'rateLimited', retryAfterMs: 7000 }],
  [429, 'Too Many Requests', { 'retry-after': '0' }, { kind: 'rateLimited', retryAfterMs: 0 }],
  [
    403,
    'API rate limit exceeded',
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW_MS / 1000 + 30) },
    { kind: 'rateLimited', retryAfterMs: 31_000 },
  ],
  [401, 'Bad credentials', {}, { kind: 'unauthorized' }],
  [404, 'Not Found', {}, { kind: 'missing' }],
  [410, 'Gone', {}, { kind: 'missing' }],
  [422, 'Validation Failed: Body is too long (maximum is 65536 characters)', {}, { kind: 'tooLong' }],
  [422, 'Validation Failed: was submitted too quickly', {}, { kind: 'other' }],
  [502, 'Server Error', {}, { kind: 'transient' }],
  [undefined, 'socket hang up', {}, { kind: 'transient' }],
])('%s %s %j', (status, message, headers, expected) => {
  const error = Object.assign(new Error(message), {
    ...(status !== undefined && { status }),
    response: { headers },
  });
  expect(classifyApiError(error, NOW_MS)).toMatchObject(expected);
});
