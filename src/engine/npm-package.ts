import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EngineError } from './engine-error.ts';
import { hashFile } from './hash-file.ts';
import type { NpmPart } from './manifest.ts';
import type { ProgramResult } from './run-program.ts';
import { lastLine, runProgram } from './run-program.ts';

/**
 * Fetches a package with `npm pack`, so that npm's registry and mirrors apply, checks it against the pinned
 * integrity, and unpacks it below `workFolder`. Returns the package's folder.
 *
 * @throws EngineError `engine-sources` or `engine-hash`.
 */
export async function fetchNpmPackage(
  part: NpmPart,
  options: { readonly env: NodeJS.ProcessEnv; readonly workFolder: string },
): Promise<string> {
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
      `npm could not fetch ${part.name} ${part.version}, which is needed here: ${npmReason(packed)}. Check that npm is in PATH and reaches its registry (\`npm config get registry\`), or give a built addon as --native-dir.`,
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
