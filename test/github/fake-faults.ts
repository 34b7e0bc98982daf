import type { Fault } from './fake-github-state.ts';
import type { Reply } from './fake-reply.ts';
import { notFound, tooLong } from './fake-reply.ts';

/** GitHub's answer where a fault keeps the request from being served; undefined where it is served all the same. */
export function refuse(fault: Fault): Reply | undefined {
  const seconds = fault.seconds ?? 1;
  switch (fault.kind) {
    case 'readOnlyToken':
      return { status: 403, body: { message: 'Resource not accessible by integration' } };
    case 'secondaryLimit':
      return {
        status: 403,
        headers: { 'retry-after': String(seconds) },
        body: {
          message:
            'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
        },
      };
    case 'hourlyLimit':
      return {
        status: 403,
        headers: {
          'x-ratelimit-remaining': '0',
          'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + seconds),
        },
        body: { message: 'API rate limit exceeded for installation ID 1.' },
      };
    case 'unauthorized':
      return { status: 401, body: { message: 'Bad credentials' } };
    case 'tooLong':
      return tooLong();
    case 'badGateway':
      return { status: 502, body: { message: 'Server Error' } };
    case 'conflict':
      return { status: 409, body: { message: 'is at 1234 but expected 5678' } };
    case 'notFound':
      return notFound();
    case 'hangUp':
      return { status: 0 };
    case 'slow':
    case 'badGatewayAfterEffect':
      return undefined;
  }
}
