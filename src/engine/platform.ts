import { EXIT } from '../errors.ts';
import { EngineError } from './engine-error.ts';
import type { EnginePlatform } from './manifest.ts';

/** The machine, as `process` tells it; a value so that tests can be another machine. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Version of the GNU C library; undefined on musl (Alpine). */
  readonly glibc: string | undefined;
}

/** The oldest GNU C library the wheels run on (their `manylinux_2_27` tag). */
export const OLDEST_GLIBC = [2, 27] as const;

/** Reads the machine that runs this process. */
export function thisMachine(): Machine {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return { platform: process.platform, arch: process.arch, glibc: report.header?.glibcVersionRuntime };
}

/**
 * Which engine fits the machine.
 *
 * @throws EngineError `engine-platform` (exit code 2) where TensorFlow has no wheel that the addon can be built on.
 */
export function enginePlatform(machine: Machine): EnginePlatform {
  const name = `${machine.platform}-${machine.arch}`;
  if (machine.platform !== 'linux' || (machine.arch !== 'x64' && machine.arch !== 'arm64')) {
    const stock =
      machine.platform === 'darwin' || machine.platform === 'win32'
        ? 'Install the npm package @tensorflow/tfjs-node there and give its folder as --native-dir (not tested on this platform), or use a Linux machine.'
        : 'Use a Linux machine with an x64 or arm64 processor, or give a folder with a TensorFlow addon as --native-dir.';
    throw new EngineError('engine-platform', `Native TensorFlow cannot be set up on ${name}. ${stock}`, {
      exitCode: EXIT.usage,
    });
  }
  const [major = 0, minor = 0] = (machine.glibc ?? '0').split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_GLIBC;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    const seen =
      machine.glibc === undefined ? 'has no GNU C library (musl)' : `has GNU C library ${machine.glibc}`;
    throw new EngineError(
      'engine-platform',
      `Native TensorFlow needs GNU C library ${OLDEST_GLIBC.join('.')} or newer, and this Linux ${seen}. Use a newer distribution, such as Ubuntu 20.04 or Debian 11.`,
      { exitCode: EXIT.usage },
    );
  }
  return `linux-${machine.arch}`;
}
