import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AddonSources } from './addon-sources.ts';
import type { Compiler } from './compiler.ts';
import { EngineError } from './engine-error.ts';
import { LIBRARY_START_FILE, LIBRARY_START_SOURCE } from './library-start.ts';
import { runProgram } from './run-program.ts';

/** The addon's file name inside an engine folder. */
export const ADDON_FILE = 'tfjs_binding.node';

export interface BuildOptions {
  readonly compiler: Compiler;
  readonly sources: AddonSources;
  /** An engine folder with `tensorflow/` unpacked; the addons are written into it. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Compiles the addon against TensorFlow's C API and Node-API version 8, so it does not depend on the version of
 * Node; about 15 s. The libraries are found beside it (`$ORIGIN/tensorflow`), so the folder may be moved.
 * Source of the flags: tfjs-node-gpu 4.22.0 `binding.gyp`, less what only its own TensorFlow build needs.
 *
 * @throws EngineError `engine-compile` with the compiler's first error.
 */
export async function buildAddon(options: BuildOptions): Promise<void> {
  const { sources, folder } = options;
  const library = join(folder, 'tensorflow');
  await compile(options, ADDON_FILE, [
    ...[`-I${sources.packageFolder}`, `-I${join(library, 'include')}`],
    join(sources.packageFolder, 'binding', 'tfjs_backend.cc'),
    join(sources.packageFolder, 'binding', 'tfjs_binding.cc'),
    ...[`-L${library}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
    '-Wl,-rpath,$ORIGIN/tensorflow',
  ]);
  const libraryStart = join(library, 'include', 'library_start.cc');
  await writeFile(libraryStart, LIBRARY_START_SOURCE);
  await compile(options, LIBRARY_START_FILE, [libraryStart, '-ldl']);
}

async function compile(options: BuildOptions, output: string, rest: readonly string[]): Promise<void> {
  const args = [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION'],
    ...[`-I${options.sources.nodeHeaders}`, '-o', join(options.folder, output), ...rest],
  ];
  const result = await runProgram(options.compiler.command, args, { env: options.env, timeoutMs: 600_000 });
  if (result.state === 'ended' && result.exitCode === 0) return;
  const stderr = 'stderr' in result ? result.stderr : result.reason;
  const lines = stderr.split('\n');
  const first = lines.find((line) => /error|undefined reference|not found/i.test(line)) ?? lines[0] ?? '';
  const how = result.state === 'killed' ? ` (killed by ${result.signal}; it may have run out of memory)` : '';
  throw new EngineError(
    'engine-compile',
    `${options.compiler.command} (${options.compiler.version}) could not build the TensorFlow addon${how}: ${first.trim()}. Install g++ 9 or newer, or name another compiler in CXX.`,
  );
}
