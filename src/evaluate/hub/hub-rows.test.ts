import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, readlink, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATASET_COMMIT, startDatasetServer } from '../../weights/hub-dataset.fixture.ts';
import type { DatasetFault, DatasetServer } from '../../weights/hub-dataset.fixture.ts';
import type { HubAccess } from '../../weights/hub-session.ts';
import { folderRows } from '../load-rows.ts';
import { selectTasks } from '../tasks/registry.ts';
import type { Task } from '../tasks/task.ts';
import { DATASET_PINS } from './dataset-pins.ts';
import type { DatasetPin } from './dataset-pins.ts';
import { hubRows, pinnedRevisions } from './hub-rows.ts';

/** A token is made here so that no secret-shaped text stands in the file. */
const TOKEN = ['hf', 'x'.repeat(20)].join('_');
const sample = new URL('../../../data/eval/', import.meta.url).pathname;

let cacheDir: string;
let hub: DatasetServer;

beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'datasets-'));
  hub = await startDatasetServer();
  hub.files.set('baber/piqa/piqa_validation.parquet', piqaParquet());
  hub.files.set('baber/piqa/README.md', Buffer.from('# piqa'));
});
afterEach(async () => {
  hub.close();
  await rm(cacheDir, { recursive: true });
});

const PIQA_FILE = 'piqa_validation.parquet';
const COMMIT_PIN: DatasetPin = {
  revision: DATASET_COMMIT,
  fixed: true,
  files: { validation: PIQA_FILE },
};

function rows(
  more: Partial<HubAccess> = {},
  pins: Record<string, DatasetPin> = { 'baber/piqa': COMMIT_PIN },
) {
  const retry = { retries: 3, minTimeoutMs: 1 };
  return hubRows({ cacheDir, fetch, endpoint: hub.endpoint, retry, ...more }, pins);
}

function task(name: string): Task {
  return selectTasks([name]).tasks[0]!;
}

function jsonLines(file: string): Record<string, unknown>[] {
  return readFileSync(join(sample, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The shipped sample's rows as the hub stores them: class labels are 64-bit integers. */
function piqaParquet(): Buffer {
  const lines = jsonLines('piqa.jsonl');
  const text = (name: string) => ({ name, data: lines.map((row) => row[name]), type: 'STRING' as const });
  const label = {
    name: 'label',
    data: lines.map((row) => BigInt(Number(row['label']))),
    type: 'INT64' as const,
  };
  return Buffer.from(parquetWriteBuffer({ columnData: [text('goal'), text('sol1'), text('sol2'), label] }));
}

/** Answers the next request for `part` with `act`. */
function onceFor(part: string, act: (response: ServerResponse) => void): void {
  hub.faults.push((request, response) => {
    if (!(request.url ?? '').includes(part)) return false;
    act(response);
    return true;
  });
}

const always = (act: (response: ServerResponse) => void): DatasetFault[] =>
  Array.from({ length: 50 }, () => (_: IncomingMessage, response: ServerResponse) => {
    act(response);
    return true;
  });

describe('hubRows', () => {
  it('gives the rows of a folder with the same data', async () => {
    const fetched = await rows().load(task('piqa'), 'scored');
    const local = await folderRows(sample)(task('piqa'), 'scored');
    if (fetched.status !== 'loaded' || local.status !== 'loaded') throw new Error('not loaded');
    expect(fetched.rows.map(({ value }) => value)).toEqual(
      local.rows.map(({ value }) => {
        const { goal, sol1, sol2, label } = value as Record<string, unknown>;
        return { goal, sol1, sol2, label };
      }),
    );
    expect(fetched.rows[1]).toMatchObject({ file: `baber/piqa/${PIQA_FILE}`, line: 2 });
  });

  it('keeps files where all Hugging Face tools do, and then needs no network', async () => {
    const loader = rows();
    await loader.load(task('piqa'), 'scored');
    const snapshot = join(cacheDir, 'datasets--baber--piqa', 'snapshots', DATASET_COMMIT);
    const sha256 = createHash('sha256').update(piqaParquet()).digest('hex');
    expect(await readlink(join(snapshot, PIQA_FILE))).toBe(join('..', '..', 'blobs', sha256));
    expect(loader.commits()).toEqual({ 'baber/piqa': DATASET_COMMIT });
    hub.requests = [];
    await rows().load(task('piqa'), 'scored');
    await rows({ offline: true, endpoint: 'http://127.0.0.1:1' }).load(task('piqa'), 'scored');
    expect(hub.requests).toEqual([]);
  });

  it('asks a moving revision for its commit each time, and offline takes the last one', async () => {
    const moving = { 'baber/piqa': { ...COMMIT_PIN, revision: 'refs/convert/parquet', fixed: false } };
    await rows({}, moving).load(task('piqa'), 'scored');
    expect(hub.requests[0]!.url).toContain('/api/datasets/baber/piqa/revision/refs/convert/parquet');
    const reference = join(cacheDir, 'datasets--baber--piqa', 'refs', 'refs', 'convert', 'parquet');
    expect(await readFile(reference, 'utf8')).toBe(DATASET_COMMIT);
    hub.requests = [];
    await rows({ offline: true }, moving).load(task('piqa'), 'scored');
    expect(hub.requests).toEqual([]);
    await rows({}, moving).load(task('piqa'), 'scored');
    expect(hub.requests.some(({ url }) => url.includes('/revision/'))).toBe(true);
  });

  it('lists a repository once for all its configs', async () => {
    for (const subject of ['anatomy', 'virology']) {
      const [line] = jsonLines(`mmlu/mmlu_${subject}.jsonl`);
      const { question, choices, answer } = line as { question: string; choices: string[]; answer: number };
      hub.files.set(
        `cais/mmlu/${subject}/test-00000-of-00001.parquet`,
        Buffer.from(
          parquetWriteBuffer({
            columnData: [
              { name: 'question', data: [question] },
              { name: 'choices', data: [choices] },
              { name: 'answer', data: [BigInt(answer)] },
            ],
            schema: MMLU_SCHEMA,
          }),
        ),
      );
    }
    const loader = rows({}, { 'cais/mmlu': { revision: DATASET_COMMIT, fixed: true } });
    for (const subject of ['anatomy', 'virology']) {
      const loaded = await loader.load(task(`mmlu_${subject}`), 'scored');
      if (loaded.status !== 'loaded') throw new Error('not loaded');
      const [{ question, choices, answer }] = jsonLines(`mmlu/mmlu_${subject}.jsonl`) as [
        Record<string, unknown>,
      ];
      expect(loaded.rows[0]!.value).toEqual({ question, choices, answer });
    }
    expect(hub.requests.filter(({ url }) => url.includes('/tree/'))).toHaveLength(1);
  });

  it('tries again after 503 and 429, and goes on where a download was cut off', async () => {
    onceFor('/tree/', (response) => response.writeHead(503).end('{}'));
    onceFor(PIQA_FILE, (response) => response.writeHead(429, { 'retry-after': '0.1' }).end());
    onceFor(PIQA_FILE, (response) => {
      response.writeHead(200, { 'content-length': piqaParquet().length });
      response.write(piqaParquet().subarray(0, 1000), () => setTimeout(() => response.destroy(), 50));
    });
    expect((await rows().load(task('piqa'), 'scored')).status).toBe('loaded');
    const ranges = hub.requests.filter(({ url }) => url.endsWith(PIQA_FILE)).map(({ range }) => range);
    expect(ranges).toEqual([undefined, undefined, 'bytes=1000-']);
  });

  it('refuses a file whose bytes are wrong each time', async () => {
    const tampered = piqaParquet();
    tampered[40] = tampered[40]! ^ 1;
    hub.faults = Array.from({ length: 50 }, (): DatasetFault => (request, response) => {
      if (!(request.url ?? '').endsWith(PIQA_FILE)) return false;
      response.end(tampered);
      return true;
    });
    await expect(rows().load(task('piqa'), 'scored')).rejects.toThrow(
      /^piqa: piqa_validation\.parquet of baber\/piqa could not be fetched: piqa_validation\.parquet arrived damaged/,
    );
  });

  it('refuses a hub that lists another file than the one that is known', async () => {
    const pins = { 'baber/piqa': { ...COMMIT_PIN, sha256: { [PIQA_FILE]: 'ab'.repeat(32) } } };
    await expect(rows({}, pins).load(task('piqa'), 'scored')).rejects.toThrow(
      /lists piqa_validation\.parquet of baber\/piqa@\w+ with sha256 \w+, but it is known to be abab/,
    );
  });

  it.each([
    ['the network is gone', () => rows({ endpoint: 'http://127.0.0.1:1' }), 'the network failed'],
    ['nothing is cached offline', () => rows({ offline: true }), 'offline mode is on'],
    ['the hub is down', () => ((hub.faults = always((r) => r.writeHead(500).end())), rows()), 'answered 500'],
    [
      'the file is not there',
      () => (hub.files.delete(`baber/piqa/${PIQA_FILE}`), rows()),
      'has no parquet file for split validation',
    ],
    ['no revision is pinned', () => rows({}, {}), 'no revision of the dataset baber/piqa is pinned'],
  ])('fails by name where %s, and names --data', async (_, loader, message) => {
    const failure = loader().load(task('piqa'), 'scored');
    await expect(failure).rejects.toMatchObject({ code: 'no-hub-data', exitCode: 1 });
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toThrow('--data FOLDER');
  });

  it('sends the token, and never prints it', async () => {
    await rows({ token: TOKEN }).load(task('piqa'), 'scored');
    expect(hub.requests.every(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toBe(true);
    hub.faults = always((response) => response.writeHead(403).end('{}'));
    const loader = rows({ token: TOKEN, cacheDir: join(cacheDir, 'other') });
    const error = (await loader.load(task('piqa'), 'scored').catch((reason: unknown) => reason)) as Error;
    expect(`${error.stack} ${JSON.stringify(error.cause)}`).not.toContain(TOKEN);
    expect(error.message).toContain('access is gated');
  });

  it('says which file is no parquet file', async () => {
    hub.files.set(`baber/piqa/${PIQA_FILE}`, Buffer.from('<html>not found</html>'));
    await expect(rows().load(task('piqa'), 'scored')).rejects.toThrow(
      `baber/piqa/${PIQA_FILE} cannot be read as parquet`,
    );
  });
});

describe('the pins', () => {
  it('cover every built-in task', () => {
    const tasks = selectTasks(['nine', 'wsc273', 'truthfulqa_mc1', 'mmlu']).tasks;
    for (const { hub: source } of tasks) expect(Object.keys(DATASET_PINS)).toContain(source.dataset);
  });

  it('are commits wherever they say so', () => {
    for (const { revision, fixed } of Object.values(DATASET_PINS)) {
      expect(/^[0-9a-f]{40}$/.test(revision)).toBe(fixed);
    }
    expect(Object.keys(pinnedRevisions())).toEqual(Object.keys(DATASET_PINS));
  });
});

const MMLU_SCHEMA = [
  { name: 'root', num_children: 3 },
  { name: 'question', type: 'BYTE_ARRAY' as const, converted_type: 'UTF8' as const },
  { name: 'choices', converted_type: 'LIST' as const, num_children: 1, repetition_type: 'OPTIONAL' as const },
  { name: 'list', num_children: 1, repetition_type: 'REPEATED' as const },
  {
    name: 'element',
    type: 'BYTE_ARRAY' as const,
    converted_type: 'UTF8' as const,
    repetition_type: 'OPTIONAL' as const,
  },
  { name: 'answer', type: 'INT64' as const },
];
