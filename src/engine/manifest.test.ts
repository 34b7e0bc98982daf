import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ENGINE_MANIFESTS, MODEL_WHEELS } from './manifest.ts';

const manifests = Object.values(ENGINE_MANIFESTS).flatMap((platform) => Object.values(platform));
const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  packages: Record<string, { version: string; integrity: string }>;
};

test('every wheel is pinned by a whole sha256, and no two by the same', () => {
  const wheels = new Set([
    ...manifests.flatMap((manifest) => manifest.wheels),
    ...Object.values(MODEL_WHEELS).map(({ wheel }) => wheel),
  ]);
  for (const wheel of wheels) expect(wheel.sha256, wheel.name).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set([...wheels].map((wheel) => wheel.sha256)).size).toBe(wheels.size);
});

test('the npm parts are those of the lock file, so the fetched sources are the installed ones', () => {
  for (const { addonSources, nodeHeaders } of manifests) {
    for (const { name, version, integrity } of [addonSources, nodeHeaders]) {
      expect(lock.packages[`node_modules/${name}`]).toMatchObject({ version, integrity });
    }
  }
});

test('the CUDA engine carries every library that the tensorflow wheel names in its and-cuda extra', () => {
  const names = ENGINE_MANIFESTS['linux-x64'].cuda?.wheels.map((wheel) => wheel.name);
  const libraries =
    'cublas cuda-cupti cuda-nvcc cuda-nvrtc cuda-runtime cudnn cufft curand cusolver cusparse nccl';
  expect(names).toEqual([
    'tensorflow',
    ...`${libraries} nvjitlink`.split(' ').map((library) => `nvidia-${library}-cu12`),
  ]);
});
