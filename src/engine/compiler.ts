import { EngineError } from './engine-error.ts';
import { runProgram } from './run-program.ts';

/** A C++ compiler that answers. */
export interface Compiler {
  readonly command: string;
  /** First line of `--version`. */
  readonly version: string;
}

/**
 * Finds the compiler for the addon: `CXX` when set, else the first of g++, c++ and clang++ in PATH.
 *
 * @throws EngineError `engine-compiler` when none answers.
 */
export async function findCompiler(env: NodeJS.ProcessEnv): Promise<Compiler> {
  const candidates = env['CXX'] ? [env['CXX']] : ['g++', 'c++', 'clang++'];
  for (const command of candidates) {
    const result = await runProgram(command, ['--version'], { env, timeoutMs: 30_000 });
    if (result.state === 'ended' && result.exitCode === 0) {
      return { command, version: result.stdout.split('\n')[0] ?? '' };
    }
  }
  throw new EngineError(
    'engine-compiler',
    `No C++ compiler was found (tried ${candidates.join(', ')}). Install one (Debian/Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++), or give a folder with a built addon as --native-dir.`,
  );
}
