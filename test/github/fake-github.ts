import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, FakeComment } from './fake-github-state.ts';
import { routeChecks } from './fake-checks.ts';
import { FakeRepository } from './fake-github-state.ts';

/** GitHub's own limit. */
const MAX_BODY_CHARACTERS = 65_536;

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
 * GitHub on loopback with a memory: comments with pages, check runs, approvals, authors by token, and faults that tests switch on.
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

interface Reply {
  /** 0 breaks the connection. */
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
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

function refuse(fault: Fault): Reply | undefined {
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
    case 'notFound':
      return notFound();
    case 'hangUp':
      return { status: 0 };
    case 'slow':
    case 'badGatewayAfterEffect':
      return undefined;
  }
}

interface Call {
  readonly method: string;
  readonly url: URL;
  readonly body: Readonly<Record<string, unknown>>;
  readonly login: string;
}

function route(repository: FakeRepository, call: Call): Reply {
  const path = call.url.pathname;
  if (path === '/graphql') return { status: 200, body: { data: { viewer: { login: call.login } } } };
  // REST refuses installation tokens here, which is why the product must not ask.
  if (path === '/user') return { status: 403, body: { message: 'Resource not accessible by integration' } };
  const prefix = `/repos/${repository.name}/`;
  if (!path.startsWith(prefix)) return notFound();
  const rest = path.slice(prefix.length);
  const check = routeChecks(repository, rest, call);
  if (check) return check;
  const approvals = /^actions\/runs\/(\d+)\/approvals$/.exec(rest);
  if (approvals) return listReviews(repository, Number(approvals[1]));
  const pull = /^pulls\/(\d+)$/.exec(rest);
  if (pull) return getPull(repository, Number(pull[1]));
  const list = /^issues\/(\d+)\/comments$/.exec(rest);
  if (list) {
    const number = Number(list[1]);
    return call.method === 'POST'
      ? createComment(repository, number, call)
      : listComments(repository, number, call);
  }
  const single = /^issues\/comments\/(\d+)$/.exec(rest);
  return single ? oneComment(repository, Number(single[1]), call) : notFound();
}

function listReviews({ reviews }: FakeRepository, runId: number): Reply {
  const own = reviews.filter((review) => review.runId === runId);
  return {
    status: 200,
    body: own.map(({ environment, state, login }) => ({
      ...{ state, comment: '', user: { login } },
      environments: [{ id: 1, name: environment }],
    })),
  };
}

function getPull(repository: FakeRepository, number: number): Reply {
  const headSha = repository.heads.get(number);
  return headSha === undefined ? notFound() : { status: 200, body: { number, head: { sha: headSha } } };
}

function listComments(repository: FakeRepository, number: number, { url }: Call): Reply {
  const perPage = Math.min(100, Number(url.searchParams.get('per_page') ?? 30));
  const page = Number(url.searchParams.get('page') ?? 1);
  const all = repository.commentsOn(number);
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  return {
    status: 200,
    ...(page * perPage < all.length && { headers: { link: `<${next.href}>; rel="next"` } }),
    body: all.slice((page - 1) * perPage, page * perPage).map((comment) => show(repository, comment)),
  };
}

function createComment(repository: FakeRepository, number: number, { body, login }: Call): Reply {
  if (!repository.heads.has(number)) return notFound();
  if (String(body['body']).length > MAX_BODY_CHARACTERS) return tooLong();
  return { status: 201, body: show(repository, repository.addComment(number, login, String(body['body']))) };
}

function oneComment(repository: FakeRepository, id: number, { method, body, login }: Call): Reply {
  const comment = repository.comments.find((candidate) => candidate.id === id);
  if (!comment) return notFound();
  if (method === 'GET') return { status: 200, body: show(repository, comment) };
  if (comment.login !== login)
    return { status: 403, body: { message: 'Must have admin rights to Repository.' } };
  if (method === 'DELETE') {
    repository.comments = repository.comments.filter((candidate) => candidate !== comment);
    return { status: 204 };
  }
  if (String(body['body']).length > MAX_BODY_CHARACTERS) return tooLong();
  comment.body = String(body['body']);
  comment.updates += 1;
  return { status: 200, body: show(repository, comment) };
}

function show(repository: FakeRepository, comment: FakeComment): object {
  const { id, body, login, pullRequest } = comment;
  return {
    id,
    body,
    user: { login, type: login.endsWith('[bot]') ? 'Bot' : 'User' },
    html_url: `https://github.com/${repository.name}/pull/${String(pullRequest)}#issuecomment-${String(id)}`,
  };
}

function notFound(): Reply {
  return { status: 404, body: { message: 'Not Found' } };
}

function tooLong(): Reply {
  return {
    status: 422,
    body: {
      message: 'Validation Failed',
      errors: [
        {
          resource: 'IssueComment',
          code: 'unprocessable',
          field: 'data',
          message: 'Body is too long (maximum is 65536 characters)',
        },
      ],
    },
  };
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
