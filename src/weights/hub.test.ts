import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMIT, startHubServer } from './hub-server.fixture.ts';
import type { Fault, HubServer } from './hub-server.fixture.ts';
import { downloadFromHub } from './hub.ts';
import type { HubOptions } from './hub.ts';
import { openCheckpoint } from './open-checkpoint.ts';

/** A token is made here so that no secret-shaped text stands in the file. */
const TOKEN = ['hf', 'x'.repeat(20)].join('_');

let folder: string;
let hub: HubServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-'));
  hub = await startHubServer(folder);
});
afterEach(async () => {
  hub.close();
  await rm(folder, { recursive: true });
});

function options(more: Partial<HubOptions> = {}): HubOptions {
  const retry = { retries: 3, minTimeoutMs: 1 };
  return { id: 'org/tiny', cacheDir: join(folder, 'cache'), fetch, endpoint: hub.endpoint, retry, ...more };
}

const always = (status: number): Fault[] =>
  Array.from({ length: 20 }, () => (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status).end('{}');
    return true;
  });

/** Answers the next request for `part` with `act`. */
function onceFor(part: string, act: (response: ServerResponse) => void): void {
  hub.faults.push((request, response) => {
    if (!(request.url ?? '').includes(part)) return false;
    act(response);
    return true;
  });
}

describe('downloadFromHub', () => {
  it('fetches config, tokenizer and shards into the shared cache layout, and nothing else', async () => {
    const snapshot = await downloadFromHub(options());
    const root = join(folder, 'cache', 'models--org--tiny');
    expect(snapshot).toBe(join(root, 'snapshots', COMMIT));
    expect(await readFile(join(root, 'refs', 'main'), 'utf8')).toBe(COMMIT);
    const sha256 = createHash('sha256')
      .update(hub.files.get('model-00001-of-00002.safetensors')!)
      .digest('hex');
    expect(await readlink(join(snapshot, 'model-00001-of-00002.safetensors'))).toBe(
      join('..', '..', 'blobs', sha256),
    );
    expect(hub.requests.some(({ url }) => /pytorch_model|README/.test(url))).toBe(false);
    const checkpoint = await openCheckpoint(snapshot);
    expect([...(await checkpoint.readFloat32('b'))].slice(0, 3)).toEqual([0, 1, 2]);
    await checkpoint.close();
  });

  it('asks for no file twice, and for nothing at all with a cached commit or in offline mode', async () => {
    const first = await downloadFromHub(options());
    hub.requests = [];
    expect(await downloadFromHub(options())).toBe(first);
    expect(hub.requests.every(({ url }) => url.startsWith('/api/'))).toBe(true);
    hub.requests = [];
    expect(await downloadFromHub(options({ revision: COMMIT }))).toBe(first);
    expect(await downloadFromHub(options({ offline: true }))).toBe(first);
    expect(hub.requests).toEqual([]);
  });

  it('says that a model is not cached in offline mode', async () => {
    await expect(downloadFromHub(options({ offline: true }))).rejects.toThrow(
      /org\/tiny@main is not completely in the cache .* offline mode is on/,
    );
  });

  it('tries again after 503 and 429, waiting as long as the server says', async () => {
    onceFor('/api/models', (response) => response.writeHead(503).end('{}'));
    onceFor('/config.json', (response) => response.writeHead(429, { 'retry-after': '0.2' }).end());
    const start = performance.now();
    await downloadFromHub(options());
    expect(performance.now() - start).toBeGreaterThan(190);
    expect(hub.requests.filter(({ url }) => url.endsWith('/config.json'))).toHaveLength(2);
  });

  it('goes on where a download was cut off', async () => {
    const shard = 'model-00001-of-00002.safetensors';
    onceFor(shard, (response) => {
      response.writeHead(200, { 'content-length': hub.files.get(shard)!.length });
      response.write(hub.files.get(shard)!.subarray(0, 30_000), () =>
        setTimeout(() => response.destroy(), 50),
      );
    });
    const snapshot = await downloadFromHub(options());
    expect(hub.requests.filter(({ url }) => url.endsWith(shard)).map(({ range }) => range)).toEqual([
      undefined,
      'bytes=30000-',
    ]);
    expect((await readFile(join(snapshot, shard))).equals(hub.files.get(shard)!)).toBe(true);
  });

  it('goes on from a partial file of an earlier run, and starts anew when that was damaged', async () => {
    const shard = hub.files.get('model-00002-of-00002.safetensors')!;
    const blobs = join(folder, 'cache', 'models--org--tiny', 'blobs');
    const blob = join(blobs, createHash('sha256').update(shard).digest('hex'));
    await mkdir(blobs, { recursive: true });
    await writeFile(`${blob}.incomplete`, Buffer.alloc(5000, 7));
    const snapshot = await downloadFromHub(options());
    const ranges = hub.requests.filter(({ url }) => url.includes('00002-of-00002')).map(({ range }) => range);
    expect(ranges).toEqual(['bytes=5000-', undefined]);
    expect((await readFile(join(snapshot, 'model-00002-of-00002.safetensors'))).equals(shard)).toBe(true);
  });

  it('refuses a file whose digest is wrong each time, and leaves no trace of it', async () => {
    const tampered = Buffer.from(hub.files.get('config.json')!);
    tampered[2] = tampered[2]! ^ 1;
    hub.faults = Array.from({ length: 50 }, (): Fault => (request, response) => {
      if (!(request.url ?? '').endsWith('/config.json')) return false;
      response.end(tampered);
      return true;
    });
    const failure = downloadFromHub(options());
    await expect(failure).rejects.toMatchObject({ code: 'weights/hub-corrupt', exitCode: 1 });
    await expect(failure).rejects.toThrow(
      'config.json of org/tiny could not be fetched: config.json arrived damaged',
    );
    const snapshot = join(folder, 'cache', 'models--org--tiny', 'snapshots', COMMIT);
    await expect(stat(join(snapshot, 'config.json'))).rejects.toThrow('ENOENT');
  });

  it.each([
    [401, 'weights/hub-denied', 'does not exist, or it is private', 1],
    [403, 'weights/hub-denied', 'access is gated', 1],
    [404, 'weights/hub-not-found', 'The hub has no org/tiny@main (404)', 1],
    [429, 'weights/hub-unavailable', 'the hub answered 429 (too many requests), 4 tries', 4],
    [500, 'weights/hub-unavailable', 'the hub answered 500, 4 tries', 4],
  ])('explains a %i, and tries again only where that can help', async (status, code, sentence, tries) => {
    hub.faults = always(status);
    const failure = downloadFromHub(options({ token: TOKEN }));
    await expect(failure).rejects.toMatchObject({ code });
    const error = (await failure.catch((reason: unknown) => reason)) as Error;
    expect(error.message).toContain(sentence);
    expect(`${error.stack} ${JSON.stringify(error.cause ?? '')}`).not.toContain(TOKEN);
    expect(hub.requests).toHaveLength(tries);
  });

  it('gives up within ten seconds, naming the address, where nobody listens', async () => {
    const gone = new URL(hub.endpoint).host;
    hub.close();
    const started = performance.now();
    const failure = downloadFromHub(options({ endpoint: `http://${gone}`, retry: undefined }));
    await expect(failure).rejects.toMatchObject({ code: 'weights/hub-unavailable', exitCode: 1 });
    await expect(failure).rejects.toThrow(
      `org/tiny@main could not be fetched: the network failed (connect ECONNREFUSED ${gone}), 4 tries. Check the network and HF_ENDPOINT`,
    );
    expect(performance.now() - started).toBeLessThan(10_000);
  }, 15_000);

  it('sends the token to the endpoint and not to the storage that it redirects to', async () => {
    const seen: (string | undefined)[] = [];
    const storage = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end(hub.files.get('config.json'));
    });
    await new Promise<void>((done) => storage.listen(0, '127.0.0.1', done));
    const { port } = storage.address() as AddressInfo;
    onceFor('/config.json', (response) =>
      response.writeHead(302, { location: `http://127.0.0.1:${port}/x` }).end(),
    );
    await downloadFromHub(options({ token: TOKEN }));
    storage.close();
    expect(seen).toEqual([undefined]);
    expect(hub.requests.every(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toBe(true);
  });

  it('says that the cache folder cannot be written, and does not call it a network fault', async () => {
    await writeFile(join(folder, 'file'), '');
    const failure = downloadFromHub(options({ cacheDir: join(folder, 'file') }));
    await expect(failure).rejects.toMatchObject({ code: 'weights/write-failed', exitCode: 2 });
    await expect(failure).rejects.toThrow(/file could not be written: /);
  });

  it('explains a repository that has only pickles', async () => {
    for (const name of [...hub.files.keys()]) if (name.startsWith('model')) hub.files.delete(name);
    await expect(downloadFromHub(options())).rejects.toThrow('only as pytorch_model.bin, a pickle');
  });

  it('fetches a model once when it is asked for twice at the same time', async () => {
    const [first, second] = await Promise.all([downloadFromHub(options()), downloadFromHub(options())]);
    expect(first).toBe(second);
    expect(hub.requests.filter(({ url }) => url.endsWith('/config.json'))).toHaveLength(1);
  });

  it.each([['../x'], ['org/../x'], ['org'], ['a/b/c']])('refuses the id %j', async (id) => {
    await expect(downloadFromHub(options({ id }))).rejects.toThrow('is not a hub id');
  });

  it.each([['../../x'], ['a//b'], ['']])('refuses the revision %j', async (revision) => {
    await expect(downloadFromHub(options({ revision }))).rejects.toThrow('is not a branch, tag or commit');
  });

  it('reports progress up to the last byte', async () => {
    const done = new Map<string, number>();
    await downloadFromHub(options({ onProgress: ({ file, doneBytes }) => done.set(file, doneBytes) }));
    for (const [file, bytes] of done) expect(bytes).toBe(hub.files.get(file)!.length);
    expect(done.size).toBe(5);
  });
});
