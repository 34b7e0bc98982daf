import type { FakeComment, FakeRepository } from './fake-github-state.ts';
import type { Call, Reply } from './fake-reply.ts';
import { notFound, tooLong } from './fake-reply.ts';

/** GitHub's own limit. */
const MAX_BODY_CHARACTERS = 65_536;

/** The comments endpoints below `/repos/OWNER/NAME/`; undefined for other paths. */
export function routeComments(repository: FakeRepository, rest: string, call: Call): Reply | undefined {
  const list = /^issues\/(\d+)\/comments$/.exec(rest);
  if (list) {
    const number = Number(list[1]);
    return call.method === 'POST'
      ? createComment(repository, number, call)
      : listComments(repository, number, call);
  }
  const single = /^issues\/comments\/(\d+)$/.exec(rest);
  return single ? oneComment(repository, Number(single[1]), call) : undefined;
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
