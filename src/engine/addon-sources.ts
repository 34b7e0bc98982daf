import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EngineError } from './engine-error.ts';
import { hashFile } from './hash-file.ts';
import type { EngineManifest, NpmPart } from './manifest.ts';
import type { ProgramResult } from './run-program.ts';
import { lastLine, runProgram } from './run-program.ts';

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
    (await fetchPackage(manifest.addonSources, options));
  return { packageFolder, nodeHeaders: await findNodeHeaders(manifest.nodeHeaders, options) };
}

async function findNodeHeaders(part: NpmPart, options: SourcesOptions): Promise<string> {
  const installed = await installedPackage(part, options);
  if (installed !== undefined) return join(installed, 'include');
  // Node's own tarballs carry the headers; distribution packages often leave them out.
  const own = join(dirname(process.execPath), '..', 'include', 'node');
  if (existsSync(join(own, 'node_api.h'))) return own;
  return join(await fetchPackage(part, options), 'include');
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

async function fetchPackage(part: NpmPart, options: SourcesOptions): Promise<string> {
  const folder = join(options.workFolder, part.name.replaceAll('/', '-'));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const packed = await runNpm(
    ['pack', `${part.name}@${part.version}`, '--pack-destination', folder],
    options.env,
  );
  const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (packed.state !== 'ended' || packed.exitCode !== 0 || archive === undefined) {
    throw new EngineError(
      'engine-sources',
      `npm could not fetch ${part.name} ${part.version}, which holds sources of the TensorFlow addon: ${npmReason(packed)}. Check that npm is in PATH and reaches its registry (\`npm config get registry\`), or give a built addon as --native-dir.`,
    );
  }
  const integrity = `sha512-${await hashFile(join(folder, archive), 'sha512', 'base64')}`;
  if (integrity !== part.integrity) {
    throw new EngineError(
      'engine-hash',
      `The downloaded ${part.name} ${part.version} is not the pinned file: integrity should be ${part.integrity}, but is ${integrity}. Check the registry or mirror that npm is configured for; nothing was kept.`,
    );
  }
  const unpacked = await runProgram('tar', ['-xzf', archive, '--no-same-owner'], {
    env: options.env,
    cwd: folder,
  });
  if (unpacked.state !== 'ended' || unpacked.exitCode !== 0) {
    const reason = 'stderr' in unpacked ? lastLine(unpacked.stderr) : unpacked.reason;
    throw new EngineError(
      'engine-sources',
      `tar could not unpack ${archive}: ${reason}. Install tar, or free disk space.`,
    );
  }
  return join(folder, 'package');
}

/** npm from PATH, else the one beside the running Node: a runner's own Node is not in PATH. */
async function runNpm(args: readonly string[], env: NodeJS.ProcessEnv): Promise<ProgramResult> {
  const quiet = [...args, '--ignore-scripts', '--loglevel=error'];
  const result = await runProgram('npm', quiet, { env });
  const beside = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  if (result.state !== 'missing' || !existsSync(beside)) return result;
  return runProgram(process.execPath, [beside, ...quiet], { env });
}

function npmReason(result: ProgramResult): string {
  if (result.state === 'missing') return 'npm was not found';
  const errors = result.stderr.split('\n').filter((line) => /^npm (ERR!|error)/.test(line));
  const reason = errors.find((line) => !/ code /.test(line)) ?? lastLine(result.stderr);
  return reason.replace(/^npm (ERR!|error)\s*/, '').replace(/\.$/, '') || result.state;
}
