import { HubApiError } from '@huggingface/hub';
import { WeightsError } from './errors.ts';

/** A fault that may pass: the request is worth another try. */
export class TransientHubError extends Error {
  /** What the server asks for in `Retry-After`, if it does. */
  readonly retryAfterMs: number | undefined;
  /** No connection came about: the name is unknown, nobody listens there, or nothing answers. */
  readonly unreachable: boolean;

  constructor(
    message: string,
    options: { cause?: unknown; retryAfterMs?: number | undefined; unreachable?: boolean } = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
    this.unreachable = options.unreachable ?? false;
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
    const { reason, code } = networkFault(error);
    const unreachable = UNREACHABLE_CODE.test(code);
    return new TransientHubError(`the network failed (${reason})`, { cause: error, unreachable });
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

const UNREACHABLE_CODE =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;

/** fetch hides the reason ("getaddrinfo ENOTFOUND host", "connect ECONNREFUSED 127.0.0.1:80", …) one or two causes down. */
function networkFault(error: Error): { readonly reason: string; readonly code: string } {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    // A host with several addresses gives one error for each of them, and none of its own.
    const named: unknown = cause instanceof AggregateError && cause.message === '' ? cause.errors[0] : cause;
    if (named instanceof Error && isNetworkCode(named)) {
      return { reason: named.message, code: String('code' in named && named.code) };
    }
  }
  return { reason: error.message, code: '' };
}

function parseRetryAfter(header: string | null | undefined): number | undefined {
  const seconds = Number(header ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 300) * 1000 : undefined;
}
