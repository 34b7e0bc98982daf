import { createHash } from 'node:crypto';
import type { FakeRepository } from './fake-github-state.ts';
import type { Call, Reply } from './fake-reply.ts';
import { notFound } from './fake-reply.ts';

/** The contents endpoint below `/repos/OWNER/NAME/`: small files of branches; undefined for other paths. */
export function routeContents(repository: FakeRepository, rest: string, call: Call): Reply | undefined {
  const path = /^contents\/(.+)$/.exec(rest)?.[1];
  if (path === undefined) return undefined;
  const { method, url, body } = call;
  const branch = String(method === 'GET' ? url.searchParams.get('ref') : body['branch']);
  const key = `${branch}:${decodeURIComponent(path)}`;
  const text = repository.files.get(key);
  if (method === 'GET')
    return text === undefined
      ? notFound()
      : {
          status: 200,
          body: { type: 'file', sha: blobId(text), content: Buffer.from(text).toString('base64') },
        };
  // As GitHub does: a file that is there is replaced only by who names what it replaces.
  if (text !== undefined && body['sha'] !== blobId(text))
    return { status: 409, body: { message: `${path} does not match ${String(body['sha'])}` } };
  repository.files.set(key, Buffer.from(String(body['content']), 'base64').toString('utf8'));
  return { status: text === undefined ? 201 : 200, body: { content: { path } } };
}

function blobId(text: string): string {
  return createHash('sha1')
    .update(`blob ${String(Buffer.byteLength(text))}\0${text}`)
    .digest('hex');
}
