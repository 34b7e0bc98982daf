import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { routeChecks } from './fake-checks.ts';
import { routeComments } from './fake-comments.ts';
import { routeContents } from './fake-contents.ts';
import { refuse } from './fake-faults.ts';
import { FakeRepository } from './fake-github-state.ts';
import { routePulls } from './fake-pulls.ts';
import type { Call, Reply } from './fake-reply.ts';
import { notFound } from './fake-reply.ts';

export interface FakeGitHub {
  /** What GITHUB_API_URL is set to. */
  readonly apiUrl: string;
  readonly repository: FakeRepository;
  stop(): Promise<void>;
}

export interface FakeOptions {
  /** `owner/name`. */
  readonly repository?: string;
  /** Milliseconds before a request takes effect and before its answer leaves; default none. */
  readonly latencyMs?: (method: string) => { readonly before: number; readonly after: number };
}

/**
 * GitHub on loopback with a memory: comments with pages, pull requests, check runs, files, approvals, authors by token, and faults
 * that tests switch on.
 * Statuses, messages and headers are GitHub's own, so that the real client's retry and throttling rules apply.
 */
export async function startFakeGitHub(options: FakeOptions = {}): Promise<FakeGitHub> {
  const repository = new FakeRepository(options.repository ?? 'octo/models');
  const server = createServer((request, response) => {
    answer(repository, options, request)
      .then((reply) => {
        send(response, reply);
      })
      .catch((error: unknown) => {
        send(response, { status: 500, body: { message: String(error) } });
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    apiUrl: `http://127.0.0.1:${String(port)}`,
    repository,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function answer(
  repository: FakeRepository,
  options: FakeOptions,
  request: IncomingMessage,
): Promise<Reply> {
  const method = request.method ?? 'GET';
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
  const path = url.pathname;
  repository.requests.push({ method, path: path + url.search, headers: request.headers, atMs: Date.now() });
  const body = await readJson(request);
  const latency = options.latencyMs?.(method) ?? { before: 0, after: 0 };
  await sleep(latency.before);

  const fault = repository.takeFault(method, path);
  if (fault?.kind === 'slow') await sleep((fault.seconds ?? 1) * 1000);
  const refusal = fault && refuse(fault);
  if (refusal) return refusal;
  const token = /^(?:token|bearer) (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const login = repository.tokens.get(token);
  if (login === undefined) return { status: 401, body: { message: 'Bad credentials' } };

  const reply = route(repository, { method, url, body, login });
  await sleep(latency.after);
  return fault?.kind === 'badGatewayAfterEffect' ? { status: 502, body: { message: 'Server Error' } } : reply;
}

function route(repository: FakeRepository, call: Call): Reply {
  const path = call.url.pathname;
  if (path === '/graphql') return { status: 200, body: { data: { viewer: { login: call.login } } } };
  // REST refuses installation tokens here, which is why the product must not ask.
  if (path === '/user') return { status: 403, body: { message: 'Resource not accessible by integration' } };
  const prefix = `/repos/${repository.name}/`;
  if (!path.startsWith(prefix)) return notFound();
  const rest = path.slice(prefix.length);
  return (
    routeChecks(repository, rest, call) ??
    routePulls(repository, rest, call) ??
    routeComments(repository, rest, call) ??
    routeContents(repository, rest, call) ??
    notFound()
  );
}

async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply.status === 0) {
    response.destroy();
    return;
  }
  response.writeHead(reply.status, { 'content-type': 'application/json; charset=utf-8', ...reply.headers });
  response.end(reply.body === undefined ? undefined : JSON.stringify(reply.body));
}
