import { EXIT, InherituneError } from '../errors.ts';

/** The event payload or GitHub's answer is not what its documentation says. */
export class GitHubError extends InherituneError {
  constructor(code: 'GITHUB_EVENT' | 'GITHUB_ANSWER', message: string, cause?: unknown) {
    super(code, message, { exitCode: EXIT.failed, cause });
  }
}

/** Why a request was not served, in the terms the callers decide by. */
export type ApiFault =
  /** The token may not do this; asking again cannot help. */
  | { readonly kind: 'forbidden'; readonly text: string }
  /** 401: the token is wrong, or older than its 24 hours. */
  | { readonly kind: 'unauthorized'; readonly text: string }
  /** 404/410: the thing is gone, or the token may not see it. */
  | { readonly kind: 'missing'; readonly text: string }
  /** 422 for a body past GitHub's limit. */
  | { readonly kind: 'tooLong'; readonly text: string }
  /** Primary or secondary rate limit; `retryAfterMs` as GitHub asked for it. */
  | { readonly kind: 'rateLimited'; readonly text: string; readonly retryAfterMs: number }
  /** 5xx, a broken connection, a time-out: the request may or may not have taken effect. */
  | { readonly kind: 'transient'; readonly text: string }
  | { readonly kind: 'other'; readonly text: string };

/** What GitHub recommends to wait after a secondary limit that names no time. */
const DEFAULT_RETRY_AFTER_MS = 60_000;

/**
 * Sorts an error thrown by Octokit. A 403 is a rate limit only when GitHub says so (a `retry-after` header, an exhausted
 * `x-ratelimit-remaining`, or the words "secondary rate limit"); any other 403 is a missing permission.
 * Source: GitHub REST documentation, "Rate limits for the REST API" and "Troubleshooting the REST API".
 */
export function classifyApiError(error: unknown, nowMs: number): ApiFault {
  const { status, message, headers } = readError(error);
  const text = status === undefined ? message : `${String(status)}: ${message}`;
  const limited =
    headers['retry-after'] !== undefined ||
    headers['x-ratelimit-remaining'] === '0' ||
    /secondary rate limit|rate limit exceeded/i.test(message);
  if (status === 429 || (status === 403 && limited)) {
    return { kind: 'rateLimited', text, retryAfterMs: retryAfterMs(headers, nowMs) };
  }
  if (status === 403) return { kind: 'forbidden', text };
  if (status === 401) return { kind: 'unauthorized', text };
  if (status === 404 || status === 410) return { kind: 'missing', text };
  if (status === 422 && /too long|too_long|is too large/i.test(message)) return { kind: 'tooLong', text };
  if (status === undefined || status >= 500 || status === 408) return { kind: 'transient', text };
  return { kind: 'other', text };
}

interface ErrorFacts {
  readonly status: number | undefined;
  readonly message: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

function readError(error: unknown): ErrorFacts {
  if (!(error instanceof Error)) return { status: undefined, message: String(error), headers: {} };
  const status = 'status' in error && typeof error.status === 'number' ? error.status : undefined;
  return { status, message: error.message, headers: headersOf(error) };
}

function headersOf(error: Error): Readonly<Record<string, string | undefined>> {
  if (!('response' in error) || typeof error.response !== 'object' || error.response === null) return {};
  if (
    !('headers' in error.response) ||
    typeof error.response.headers !== 'object' ||
    error.response.headers === null
  ) {
    return {};
  }
  return Object.fromEntries(
    Object.entries(error.response.headers).map(([name, value]) => [name, String(value)]),
  );
}

function retryAfterMs(headers: Readonly<Record<string, string | undefined>>, nowMs: number): number {
  const seconds = Number(headers['retry-after']);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  const reset = Number(headers['x-ratelimit-reset']);
  // One second more: the limit is lifted after the second named, not at its start.
  if (Number.isFinite(reset) && reset > 0) return Math.max(0, reset * 1000 - nowMs) + 1000;
  return DEFAULT_RETRY_AFTER_MS;
}
