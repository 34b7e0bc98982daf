import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { silentProgress } from '../../progress.ts';
import { COMMIT, startHubServer } from '../../weights/hub-server.fixture.ts';
import { loadTokenizer } from '../json-tokenizer.ts';
import { prepareTokens } from '../prepare.ts';
import { fetchSource, globPattern, movingRevision, parseHubSource } from './hub-source.ts';
import { listSourceFiles } from './text-source.ts';

import type { HubServer } from '../../weights/hub-server.fixture.ts';

const PACKED = fileURLToPath(new URL('../../../test/fixtures/data/packed/', import.meta.url));
const SMALL = fileURLToPath(new URL('../../../test/fixtures/data/smollm-like.tokenizer.json', import.meta.url));

let folder: string;
let server: HubServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-source-'));
  server = await startHubServer(folder);
  server.files.clear();
  for (const name of ['zstd.parquet', 'members.jsonl.gz', 'frames.jsonl.zst']) {
    server.files.set(`data/${name}`, await readFile(join(PACKED, name)));
  }
  server.files.set('README.md', Buffer.from('# data'));
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

describe('parseHubSource', () => {
  it.each([
    ['hub:org/data@main', { id: 'org/data', revision: 'main' }],
    [`hub:org/data@${COMMIT}:en/*.parquet`, { id: 'org/data', revision: COMMIT, glob: 'en/*.parquet' }],
    ['hub:org/data@refs/convert/parquet:**', { revision: 'refs/convert/parquet', glob: '**' }],
  ])('%s', (path, expected) => {
    expect(parseHubSource(path)).toMatchObject(expected);
  });

  it('leaves paths alone and refuses a dataset without a revision', () => {
    expect(parseHubSource('data/corpus')).toBeUndefined();
    expect(() => parseHubSource('hub:org/data')).toThrow(/Name the dataset with a revision/);
  });
});

describe('globPattern', () => {
  it.each([
    ['*.parquet', ['a.parquet'], ['d/a.parquet', 'a.parquetx']],
    ['**/*.{txt,jsonl.gz}', ['a.txt', 'd/e/b.jsonl.gz'], ['a.jsonl', 'd/atxt']],
    ['data/train-0000?-of-*.parquet', ['data/train-00003-of-12.parquet'], ['data/train-00013-of-12.parquet']],
  ])('%s', (glob, inside, outside) => {
    const pattern = globPattern(glob);
    expect(inside.filter((path) => !pattern.test(path))).toEqual([]);
    expect(outside.filter((path) => pattern.test(path))).toEqual([]);
  });
});

describe('fetchSource', () => {
  // The hub of the tests has one repository, of a model; those of datasets differ in their addresses alone.
  const asModel: typeof fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    return fetch(url.replace('/api/datasets/', '/api/models/').replace('/datasets/', '/'), init);
  };
  const fetched = (path: string) =>
    fetchSource({ path, weight: 2 }, { cacheDir: join(folder, 'cache'), fetch: asModel, endpoint: server.endpoint });

  it('brings the files that match, at the commit that the revision stands for', async () => {
    const source = await fetched('hub:org/tiny@main:data/*.{parquet,gz}');
    expect(source).toMatchObject({ weight: 2, revision: COMMIT, label: 'hub:org/tiny@main:data/*.{parquet,gz}' });
    const files = await listSourceFiles(source);
    expect(files.map(({ name, format }) => [name, format])).toEqual([
      ['data/members.jsonl.gz', 'jsonl'],
      ['data/zstd.parquet', 'parquet'],
    ]);
    expect(await readFile(files[1]!.path)).toEqual(await readFile(join(PACKED, 'zstd.parquet')));
  });

  it('says the commit of a revision that can move, and nothing of one named by its commit', async () => {
    expect(movingRevision(await fetched('hub:org/tiny@main'))).toContain(`main can move; it is commit ${COMMIT} now`);
    expect(movingRevision(await fetched(`hub:org/tiny@${COMMIT}`))).toBeUndefined();
    expect(movingRevision({ path: 'data/corpus' })).toBeUndefined();
  });

  it('takes all text files without a pattern, and refuses a pattern that matches none', async () => {
    expect((await fetched('hub:org/tiny@main')).files).toHaveLength(3);
    await expect(fetched('hub:org/tiny@main:none/*')).rejects.toThrow(/no file of the dataset matches none\/\*/);
  });

  it('is named in the manifest of what is prepared from it, with its commit', async () => {
    const tokenizer = loadTokenizer({ tokenizerJson: await readFile(SMALL), config: { eos_token_id: 0 } });
    const path = 'hub:org/tiny@main:data/*.gz';
    const manifest = await prepareTokens({
      ...{ sources: [await fetched(path)], tokenizer, validationTokens: 0, seed: 1, workers: 0 },
      ...{ outFolder: join(folder, 'prepared'), progress: silentProgress },
    });
    expect(manifest.sources).toMatchObject([
      { name: path, revision: COMMIT, files: [{ name: 'data/members.jsonl.gz', kind: 'jsonl field text in gzip' }] },
    ]);
  });

  it('leaves a source on disk as it is', async () => {
    const source = { path: 'data/corpus' };
    expect(await fetchSource(source, { cacheDir: folder, fetch })).toBe(source);
  });
});
