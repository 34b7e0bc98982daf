import { GitHub } from '@actions/github/lib/utils';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { randomUUID } from 'node:crypto';

const Client = GitHub.plugin(retry, throttling);

/** Octokit with paging, retries and throttling. */
export type GitHubClient = InstanceType<typeof Client>;

/** GitHub answers in seconds or not at all; a hung connection must not hold the job. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than the minute GitHub asks for after a secondary limit; a spent hourly quota is not waited for. */
const MAX_WAIT_SECONDS = 120;
const MAX_RATE_LIMIT_RETRIES = 2;
/** After 1 and 4 seconds. */
const MAX_SERVER_ERROR_RETRIES = 2;

export interface ClientOptions {
  readonly token: string;
  /** `GITHUB_API_URL`: api.github.com, an enterprise server's `/api/v3`, or a test server. */
  readonly apiUrl: string;
  /** Default: the toolkit's own, which honours the runner's proxy settings. */
  readonly fetch?: typeof globalThis.fetch;
  readonly requestTimeoutMs?: number;
  /** Where waits are told; default nowhere. */
  readonly onWait?: (text: string) => void;
}

/**
 * A client whose reads are retried (5xx, rate limits) within bounds. Writes are never retried here: a failed write may
 * have taken effect, and what is right to write may have changed while waiting, so the caller reads again first.
 */
export function createClient(options: ClientOptions): GitHubClient {
  const waitForLimit =
    (limit: string) =>
    (retryAfterSeconds: number, request: object, _octokit: unknown, retryCount: number): boolean => {
      const isRead = 'method' in request && request.method === 'GET';
      const willWait = isRead && retryCount < MAX_RATE_LIMIT_RETRIES && retryAfterSeconds <= MAX_WAIT_SECONDS;
      if (willWait)
        options.onWait?.(`GitHub's ${limit} is reached: asking again in ${String(retryAfterSeconds)} s.`);
      return willWait;
    };
  const client = new Client({
    auth: options.token,
    baseUrl: options.apiUrl,
    userAgent: 'inheritune-action',
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    retry: { retries: MAX_SERVER_ERROR_RETRIES },
    throttle: {
      // The plugin keeps its queues per id for the whole process; two clients are two runs.
      id: randomUUID(),
      onRateLimit: waitForLimit('hourly rate limit'),
      onSecondaryRateLimit: waitForLimit('secondary rate limit'),
    },
  });
  const timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  client.hook.before('request', (request) => {
    const inner =
      options.fetch ?? (request.request.fetch as typeof globalThis.fetch | undefined) ?? globalThis.fetch;
    request.request.fetch = (url: string, init: RequestInit) =>
      inner(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    if (request.method !== 'GET') request.request.retries = 0;
  });
  return client;
}
