import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { writeCheckpoint } from './write-checkpoint.ts';

/** The one commit of the one repository, `org/tiny`. */
export const COMMIT = 'c0ffee'.padEnd(40, '0');

/** May answer a request in place of the server; true when it has. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface HubServer {
  readonly endpoint: string;
  /** What the repository holds; tests change it. */
  readonly files: Map<string, Buffer>;
  /** The first one is asked before the ordinary answer, and removed when it has answered. */
  faults: Fault[];
  requests: { url: string; range: string | undefined; authorization: string | undefined }[];
  close(): void;
}

/** A hub on the loopback that speaks the parts of the real one's protocol that a download uses. */
export async function startHubServer(folder: string): Promise<HubServer> {
  const server = createServer((request, response) => answer(hub, request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const hub: HubServer = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files: await modelFiles(folder),
    faults: [],
    requests: [],
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return hub;
}

/** A real checkpoint in two shards, written to `folder`/original, plus files that nobody asks for. */
async function modelFiles(folder: string): Promise<Map<string, Buffer>> {
  const path = join(folder, 'original');
  const tensor = (name: string, count: number) => ({
    spec: { name, dtype: 'F32' as const, shape: [count] },
    read: async () => new Uint8Array(Float32Array.from({ length: count }, (_, i) => i).buffer),
  });
  const sidecars = new Map([['tokenizer.json', async () => Buffer.from('{"version":"1.0"}')]]);
  const tensors = [tensor('a', 20_000), tensor('b', 20_000)];
  await writeCheckpoint(path, { config: { model_type: 'llama' }, tensors, sidecars, maxShardBytes: 80_000 });
  const names = ['config.json', 'tokenizer.json', 'model.safetensors.index.json'];
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const read = await Promise.all(
    [...names, ...shards].map(async (name): Promise<[string, Buffer]> => [
      name,
      await readFile(join(path, name)),
    ]),
  );
  return new Map([...read, ['pytorch_model.bin', Buffer.from('pickle')], ['README.md', Buffer.from('# m')]]);
}

function answer(hub: HubServer, request: IncomingMessage, response: ServerResponse): void {
  const url = request.url ?? '';
  const { range, authorization } = request.headers;
  hub.requests.push({ url, range, authorization });
  if (hub.faults[0]?.(request, response) === true) {
    hub.faults.shift();
    return;
  }
  const json = (value: unknown): void => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
  };
  if (url.startsWith('/api/models/org/tiny/revision/'))
    return json({ _id: 'x', id: 'org/tiny', sha: COMMIT });
  if (url.startsWith(`/api/models/org/tiny/tree/${COMMIT}`)) {
    return json([...hub.files].map(([path, data]) => listed(path, data)));
  }
  const data = hub.files.get(url.replace(`/org/tiny/resolve/${COMMIT}/`, ''));
  if (data === undefined) {
    response.writeHead(404).end();
    return;
  }
  const start = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
  if (start > 0)
    response.writeHead(206, { 'content-range': `bytes ${start}-${data.length - 1}/${data.length}` });
  response.end(data.subarray(start));
}

/** An entry of the tree listing: large files carry the sha256 of their content, small ones git's object id. */
function listed(path: string, data: Buffer): object {
  const gitOid = createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');
  const entry = { type: 'file', path, size: data.length, oid: gitOid };
  if (!path.endsWith('.safetensors')) return entry;
  const oid = createHash('sha256').update(data).digest('hex');
  return { ...entry, lfs: { oid, size: data.length, pointerSize: 130 } };
}
