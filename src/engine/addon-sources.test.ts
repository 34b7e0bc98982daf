import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { programFolder, temporaryFolder } from '../../test/engine/fixtures/folders.ts';
import { findAddonSources } from './addon-sources.ts';
import { ENGINE_MANIFESTS } from './manifest.ts';

const manifest = ENGINE_MANIFESTS['linux-x64'].cpu!;
/** A module in no project: nothing is installed for it, as for the bundled action. */
const nowhere = '/index.js';

test('installed packages are used as they are', async () => {
  const workFolder = temporaryFolder();
  const sources = await findAddonSources(manifest, { env: { PATH: '' }, workFolder });
  expect(existsSync(join(sources.packageFolder, 'binding/tfjs_binding.cc'))).toBe(true);
  expect(existsSync(join(sources.nodeHeaders, 'node_api.h'))).toBe(true);
  expect(sources.packageFolder.startsWith(workFolder)).toBe(false);
});

test('without node_modules the sources come from the npm registry, checked', async () => {
  const workFolder = temporaryFolder();
  const options = { env: process.env, workFolder, resolveFrom: nowhere };
  const sources = await findAddonSources(manifest, options);
  expect(sources.packageFolder.startsWith(workFolder)).toBe(true);
  expect(existsSync(join(sources.packageFolder, 'binding/tfjs_backend.cc'))).toBe(true);
  expect(existsSync(join(sources.nodeHeaders, 'node_api.h'))).toBe(true);
});

test('a package with another integrity is refused', async () => {
  // The small package in place of the large one: only the hash matters here.
  const addonSources = { ...manifest.nodeHeaders, integrity: 'sha512-AAAA' };
  const options = { env: process.env, workFolder: temporaryFolder(), resolveFrom: nowhere };
  await expect(findAddonSources({ ...manifest, addonSources }, options)).rejects.toMatchObject({
    code: 'engine-hash',
    message: expect.stringContaining('integrity should be sha512-AAAA, but is sha512-') as string,
  });
});

test('what npm says is in the message', async () => {
  const PATH = programFolder({ npm: 'echo "npm error code E404\nnpm error 404 Not Found" >&2; exit 1' });
  const options = { env: { PATH }, workFolder: temporaryFolder(), resolveFrom: nowhere };
  await expect(findAddonSources(manifest, options)).rejects.toMatchObject({
    code: 'engine-sources',
    message: expect.stringMatching(
      /^npm could not fetch @tensorflow\/tfjs-node-gpu 4\.22\.0, .*: 404 Not Found\. Check/,
    ) as string,
  });
});
