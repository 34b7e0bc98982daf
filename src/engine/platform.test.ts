import { expect, test } from 'vitest';
import type { Machine } from './platform.ts';
import { enginePlatform, thisMachine } from './platform.ts';

test.each<[Machine, string]>([
  [{ platform: 'linux', arch: 'x64', glibc: '2.27' }, 'linux-x64'],
  [{ platform: 'linux', arch: 'x64', glibc: '2.39' }, 'linux-x64'],
  [{ platform: 'linux', arch: 'arm64', glibc: '3.0' }, 'linux-arm64'],
])('%o gets %s', (machine, platform) => {
  expect(enginePlatform(machine)).toBe(platform);
});

test.each<[Machine, RegExp]>([
  [
    { platform: 'darwin', arch: 'arm64', glibc: undefined },
    /on darwin-arm64\. .*tfjs-node .*--native-dir \(not tested/,
  ],
  [
    { platform: 'win32', arch: 'x64', glibc: undefined },
    /on win32-x64\. .*tfjs-node .*--native-dir \(not tested/,
  ],
  [{ platform: 'linux', arch: 'ppc64', glibc: '2.36' }, /on linux-ppc64\. Use a Linux machine with an x64/],
  [{ platform: 'linux', arch: 'x64', glibc: undefined }, /no GNU C library \(musl\)\. Use a newer/],
  [
    { platform: 'linux', arch: 'x64', glibc: '2.17' },
    /2\.27 or newer, and this Linux has GNU C library 2\.17/,
  ],
])('%o is refused with a sentence', (machine, message) => {
  expect(() => enginePlatform(machine)).toThrow(
    expect.objectContaining({
      code: 'engine-platform',
      exitCode: 2,
      message: expect.stringMatching(message) as string,
    }),
  );
});

test('this machine says what it is', () => {
  expect(thisMachine()).toMatchObject({ platform: process.platform, arch: process.arch });
});
