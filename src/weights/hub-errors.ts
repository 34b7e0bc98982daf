import { HubApiError } from '@huggingface/hub';
import { WeightsError } from './errors.ts';

/** A fault that may pass: the request is worth another try. */
export class TransientHubError extends Error {
  /** What the server asks for in `Retry-After`, if it does. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { cause?: unknown; retryAfterMs?: number | undefined } = {}) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** What a failed status means for the person who asked for `what`: an error that is final, or one to be retried (429 and 5xx). */
export function statusError(status: number, what: string, retryAfter?: string | null): Error {
  switch (status) {
    case 401:
      return new WeightsError(
        'hub-denied',
        `The hub refused ${what} (401): it does not exist, or it is private and no valid token was given. Check the name, or set a token that may read it.`,
      );
    case 403:
      return new WeightsError(
        'hub-denied',
        `The hub refused ${what} (403): access is gated or the token may not read it. Accept the model's conditions on its page, or use a token with read access.`,
      );
    case 404:
      return new WeightsError(
        'hub-not-found',
        `The hub has no ${what} (404). Check the name and the revision; a private model needs a token.`,
      );
    case 408:
    case 429:
      return new TransientHubError(`the hub answered ${status} (too many requests)`, {
        retryAfterMs: parseRetryAfter(retryAfter),
      });
  }
  if (status >= 500) {
    return new TransientHubError(`the hub answered ${status}`, { retryAfterMs: parseRetryAfter(retryAfter) });
  }
  return new WeightsError(
    'hub-unavailable',
    `The hub answered ${status} to the request for ${what}. Check the endpoint.`,
  );
}

/** Turns whatever a hub call throws into one of ours; a `TypeError` of fetch is a network fault and may pass. */
export function hubError(error: unknown, what: string): Error {
  if (error instanceof WeightsError || error instanceof TransientHubError) return error;
  if (error instanceof HubApiError) return statusError(error.statusCode, what);
  if (error instanceof TypeError || (error instanceof Error && isNetworkCode(error))) {
    return new TransientHubError(`the network failed (${networkReason(error)})`, { cause: error });
  }
  if (error instanceof SyntaxError)
    return new TransientHubError('the hub answered no valid JSON', { cause: error });
  return error instanceof Error ? error : new Error(String(error));
}

function isNetworkCode(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && NETWORK_CODE.test(error.code);
}

/** File-system errors have codes as well: a full disk is no network fault. */
const NETWORK_CODE =
  /^(ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|EPROTO|CERT_\w+|UND_ERR_\w+)$/;

/** fetch hides the reason (ENOTFOUND, ECONNREFUSED, …) one or two causes down. */
function networkReason(error: Error): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (isNetworkCode(cause) && 'code' in cause) return String(cause.code);
  }
  return error.message;
}

function parseRetryAfter(header: string | null | undefined): number | undefined {
  const seconds = Number(header ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 300) * 1000 : undefined;
}
