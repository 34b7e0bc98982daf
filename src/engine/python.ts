import { EngineError } from './engine-error.ts';
import { lastLine, runProgram } from './run-program.ts';

/** A Python 3 whose pip works. */
export interface Python {
  readonly command: string;
  readonly pipVersion: string;
}

export interface FindPythonOptions {
  /** A certain interpreter instead of the first of `python3` and `python` in PATH. */
  readonly python?: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Finds the Python that fetches wheels. Its version hardly matters: wheels are asked for by tag, never installed.
 *
 * @throws EngineError `engine-python` when there is no Python 3, `engine-pip` when none has a working pip.
 */
export async function findPython(options: FindPythonOptions): Promise<Python> {
  const candidates = options.python === undefined ? ['python3', 'python'] : [options.python];
  let withoutPip: { command: string; reason: string } | undefined;
  for (const command of candidates) {
    const result = await runProgram(command, ['-m', 'pip', '--version'], {
      env: options.env,
      timeoutMs: 60_000,
    });
    if (result.state === 'missing') continue;
    const pipVersion =
      result.state === 'ended' && result.exitCode === 0 ? parsePip(result.stdout) : undefined;
    if (pipVersion !== undefined) return { command, pipVersion };
    withoutPip ??= { command, reason: 'stderr' in result ? lastLine(result.stderr) : '' };
  }
  if (withoutPip !== undefined) {
    throw new EngineError(
      'engine-pip',
      `${withoutPip.command} has no working pip for Python 3 (${withoutPip.reason || 'no answer'}). Install pip (Debian/Ubuntu: apt-get install python3-pip), or name another interpreter in INHERITUNE_PYTHON.`,
    );
  }
  throw new EngineError(
    'engine-python',
    `No Python 3 was found as ${candidates.join(' or ')}. Install Python 3 with pip (Debian/Ubuntu: apt-get install python3 python3-pip), or name an interpreter in INHERITUNE_PYTHON; it only fetches packages.`,
  );
}

/** `pip 23.2.1 from … (python 3.11)`; an answer for Python 2 counts as none. */
function parsePip(output: string): string | undefined {
  return /^pip (\S+) from .*\(python 3\.\d+\)/m.exec(output)?.[1];
}
