import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ADDON_FILE } from './addon.ts';
import { hashFile } from './hash-file.ts';
import { LIBRARY_START_SOURCE } from './library-start.ts';
import type { EngineManifest, EnginePlatform, EngineVariant } from './manifest.ts';

/** The file that an engine folder says in what it is; written last. */
export const RECORD_FILE = 'engine.json';

const engineRecord = z.object({
  id: z.string(),
  tensorflow: z.string(),
  variant: z.enum(['cpu', 'cuda']),
  platform: z.enum(['linux-x64', 'linux-arm64']),
  compiler: z.string(),
  parts: z.array(z.object({ name: z.string(), version: z.string(), hash: z.string() })),
  files: z.array(z.object({ path: z.string(), bytes: z.number() })),
  addonSha256: z.string(),
});

export type EngineRecord = z.infer<typeof engineRecord>;

/** Which engine: versions, variant and platform in words, then a hash over every pinned part and our own source. */
export function engineId(manifest: EngineManifest, variant: EngineVariant, platform: EnginePlatform): string {
  const hash = createHash('sha256')
    .update(JSON.stringify({ manifest, variant, platform, source: LIBRARY_START_SOURCE }))
    .digest('hex');
  return `tensorflow-${manifest.tensorflow}-${variant}-${platform}-${hash.slice(0, 12)}`;
}

/** Describes a freshly composed folder: every file with its size, and the addon's hash. */
export async function describeFolder(
  folder: string,
  facts: Omit<EngineRecord, 'files' | 'addonSha256' | 'parts' | 'tensorflow'>,
  manifest: EngineManifest,
): Promise<EngineRecord> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths
      .sort()
      .map(async (path) => ({ path: path.slice(folder.length + 1), bytes: (await stat(path)).size })),
  );
  const wheels = manifest.wheels.map(({ name, version, sha256 }) => ({
    name,
    version,
    hash: `sha256-${sha256}`,
  }));
  const npm = [manifest.addonSources, manifest.nodeHeaders].map(({ name, version, integrity }) => ({
    name,
    version,
    hash: integrity,
  }));
  const addonSha256 = await hashFile(join(folder, ADDON_FILE));
  return { ...facts, tensorflow: manifest.tensorflow, parts: [...wheels, ...npm], files, addonSha256 };
}

/** The folder's own description, or undefined when there is none that can be read. */
export async function readRecord(folder: string): Promise<EngineRecord | undefined> {
  try {
    return engineRecord.parse(JSON.parse(await readFile(join(folder, RECORD_FILE), 'utf8')));
  } catch {
    return undefined;
  }
}

/**
 * Looks for damage in a few milliseconds: every file's size, and the addon's hash. The libraries' hashes were
 * checked while composing; reading their 800 MB at every start would cost more than loading them.
 * Returns what is wrong, or undefined.
 */
export async function findDamage(folder: string): Promise<string | undefined> {
  const record = await readRecord(folder);
  if (record === undefined) return `${RECORD_FILE} is missing or cannot be read`;
  for (const { path, bytes } of record.files) {
    const size = await stat(join(folder, path)).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === undefined) return `${path} is missing`;
    if (size !== bytes) return `${path} has ${size} bytes instead of ${bytes}`;
  }
  if ((await hashFile(join(folder, ADDON_FILE))) !== record.addonSha256) return `${ADDON_FILE} was changed`;
  return undefined;
}
