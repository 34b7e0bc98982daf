import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from './engine-error.ts';
import { hashFile } from './hash-file.ts';
import type { WheelPart } from './manifest.ts';
import type { Python } from './python.ts';
import { lastLine, runProgram } from './run-program.ts';

export interface DownloadOptions {
  readonly python: Python;
  /** pip takes its index, mirrors, proxy, certificates and cache from here and from its configuration files. */
  readonly env: NodeJS.ProcessEnv;
  /** An empty or missing folder of the caller's. */
  readonly into: string;
}

/**
 * Fetches one wheel with pip and returns its path. The tags are given, so the running Python's version and
 * platform do not matter; pip checks the hash while downloading and we check the file once more.
 *
 * @throws EngineError `engine-hash`, `engine-disk` or `engine-download`.
 */
export async function downloadWheel(wheel: WheelPart, options: DownloadOptions): Promise<string> {
  await mkdir(options.into, { recursive: true });
  const requirements = join(options.into, 'requirements.txt');
  await writeFile(requirements, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const result = await runProgram(options.python.command, pipArguments(wheel, requirements, options.into), {
    env: options.env,
    cwd: options.into,
  });
  await rm(requirements, { force: true });
  if (result.state !== 'ended' || result.exitCode !== 0) {
    throw pipError(wheel, 'stderr' in result ? result.stderr : result.reason);
  }
  const file = (await readdir(options.into)).find((name) => name.endsWith('.whl'));
  if (file === undefined) {
    throw new EngineError(
      'engine-download',
      `pip reported success but left no wheel of ${wheel.name} ${wheel.version}.`,
    );
  }
  const path = join(options.into, file);
  const sha256 = await hashFile(path);
  if (sha256 !== wheel.sha256) throw hashError(wheel, `the file's sha256 is ${sha256}`);
  return path;
}

function pipArguments(wheel: WheelPart, requirements: string, into: string): string[] {
  const implementation = wheel.python === 'cp311' ? ['--implementation', 'cp', '--abi', 'cp311'] : [];
  return [
    ...['-m', 'pip', 'download', '--no-deps', '--require-hashes', '--only-binary=:all:'],
    ...['--progress-bar', 'off', '--no-input', '--disable-pip-version-check'],
    ...['--python-version', '3.11', ...implementation],
    ...wheel.platforms.flatMap((platform) => ['--platform', platform]),
    ...['--dest', into, '--requirement', requirements],
  ];
}

function pipError(wheel: WheelPart, stderr: string): EngineError {
  const name = `${wheel.name} ${wheel.version}`;
  const reason = pipReason(stderr);
  if (/DO NOT MATCH THE HASHES/i.test(stderr)) {
    return hashError(wheel, /Got\s+([0-9a-f]{64})/.exec(stderr)?.[1] ?? 'it differs');
  }
  if (/No space left on device|Errno 28/i.test(stderr)) {
    return new EngineError(
      'engine-disk',
      `The disk is full while downloading ${name} (${reason}). Free some space, or move the cache with --cache-dir or RUNNER_TOOL_CACHE.`,
    );
  }
  // Only a connection that failed makes pip retry; an index that answers without the package does not.
  const unreachable =
    /Retrying \(|ConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Name or service/i;
  const advice = unreachable.test(stderr)
    ? 'Check the network, or the index and proxy in pip’s configuration (`python3 -m pip config list`).'
    : 'Check that the package index in pip’s configuration (`python3 -m pip config list`) carries this file.';
  return new EngineError('engine-download', `pip could not download ${name}: ${reason}. ${advice}`);
}

function hashError(wheel: WheelPart, seen: string): EngineError {
  return new EngineError(
    'engine-hash',
    `The downloaded ${wheel.name} ${wheel.version} is not the pinned file: sha256 should be ${wheel.sha256}, but ${seen}. Check the package index or mirror that pip is configured for; nothing was kept.`,
  );
}

/** pip's own last word: the last ERROR line, since notices may follow it. */
function pipReason(stderr: string): string {
  const errors = stderr.split('\n').filter((line) => line.startsWith('ERROR:'));
  return (errors.at(-1)?.slice('ERROR:'.length).trim() ?? lastLine(stderr)).replace(/\.$/, '');
}
