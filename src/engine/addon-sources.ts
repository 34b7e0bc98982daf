import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { EngineManifest, NpmPart } from './manifest.ts';
import { fetchNpmPackage } from './npm-package.ts';

/** Folders to give the compiler. */
export interface AddonSources {
  /** Holds `binding/*.cc`, the C++ of tfjs-node-gpu. */
  readonly packageFolder: string;
  /** Holds `node_api.h`. */
  readonly nodeHeaders: string;
}

export interface SourcesOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Where packages are put that are not installed. */
  readonly workFolder: string;
  /** The module from which installed packages are looked up; this one unless a test says otherwise. */
  readonly resolveFrom?: string;
}

/**
 * Finds the addon's C++ and Node's headers: in `node_modules`, else (in the bundled action, which has none)
 * fetched with `npm pack` and checked against the pinned integrity.
 *
 * @throws EngineError `engine-sources` or `engine-hash`.
 */
export async function findAddonSources(
  manifest: EngineManifest,
  options: SourcesOptions,
): Promise<AddonSources> {
  const packageFolder =
    (await installedPackage(manifest.addonSources, options)) ??
    (await fetchNpmPackage(manifest.addonSources, options));
  return { packageFolder, nodeHeaders: await findNodeHeaders(manifest.nodeHeaders, options) };
}

async function findNodeHeaders(part: NpmPart, options: SourcesOptions): Promise<string> {
  const installed = await installedPackage(part, options);
  if (installed !== undefined) return join(installed, 'include');
  // Node's own tarballs carry the headers; distribution packages often leave them out.
  const own = join(dirname(process.execPath), '..', 'include', 'node');
  if (existsSync(join(own, 'node_api.h'))) return own;
  return join(await fetchNpmPackage(part, options), 'include');
}

async function installedPackage(part: NpmPart, options: SourcesOptions): Promise<string | undefined> {
  try {
    const file = createRequire(options.resolveFrom ?? import.meta.url).resolve(`${part.name}/package.json`);
    const { version } = JSON.parse(await readFile(file, 'utf8')) as { version?: string };
    return version === part.version ? dirname(file) : undefined;
  } catch {
    return undefined;
  }
}
