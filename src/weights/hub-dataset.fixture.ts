import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The commit that every branch of every repository of the server stands for; any other commit is answered alike. */
export const DATASET_COMMIT = 'da7a'.padEnd(40, '0');

/** May answer a request in place of the server; true when it has. */
export type DatasetFault = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface DatasetServer {
  readonly endpoint: string;
  /** Files by `org/name/path`; tests change them. */
  readonly files: Map<string, Buffer>;
  /** The first one is asked before the ordinary answer, and removed when it has answered. */
  faults: DatasetFault[];
  requests: { url: string; range: string | undefined; authorization: string | undefined }[];
  close(): void;
}

/** A hub on the loopback with dataset repositories, in the parts of the real one's protocol that a download uses. */
export async function startDatasetServer(): Promise<DatasetServer> {
  const server = createServer((request, response) => answer(hub, request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const hub: DatasetServer = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files: new Map(),
    faults: [],
    requests: [],
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return hub;
}

function answer(hub: DatasetServer, request: IncomingMessage, response: ServerResponse): void {
  const url = decodeURIComponent(request.url ?? '');
  const { range, authorization } = request.headers;
  hub.requests.push({ url, range, authorization });
  if (hub.faults[0]?.(request, response) === true) {
    hub.faults.shift();
    return;
  }
  const json = (value: unknown): void => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
  };
  const about = /^\/api\/datasets\/([^/]+\/[^/]+)\/(revision|tree)\/([^?]+)/.exec(url);
  const files = [...hub.files].filter(([path]) => path.startsWith(`${about?.[1] ?? ''}/`));
  if (about?.[2] === 'revision' && files.length > 0)
    return json({ _id: 'x', id: about[1], sha: DATASET_COMMIT });
  if (about?.[2] === 'tree' && url.includes('recursive=true')) {
    return json(files.map(([path, data]) => listed(path.slice(about[1]!.length + 1), data)));
  }
  const data = hub.files.get(url.replace(/^\/datasets\//, '').replace(/\/resolve\/[0-9a-f]{40}\//, '/'));
  if (data === undefined) {
    response.writeHead(404).end();
    return;
  }
  const start = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
  if (start > 0)
    response.writeHead(206, { 'content-range': `bytes ${start}-${data.length - 1}/${data.length}` });
  response.end(data.subarray(start));
}

function listed(path: string, data: Buffer): object {
  const oid = createHash('sha256').update(data).digest('hex');
  const lfs = { oid, size: data.length, pointerSize: 130 };
  return { type: 'file', path, size: data.length, oid: '0'.repeat(40), lfs };
}
