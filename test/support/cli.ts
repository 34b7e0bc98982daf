import { homedir } from 'node:os';
import { runCli } from '../../src/cli/cli.ts';
import type { ExitCode } from '../../src/errors.ts';
import { silentProgress } from '../../src/progress.ts';
import type { Progress } from '../../src/progress.ts';
import { repositoryRoot } from './repository.ts';

export interface CliOutcome {
  readonly exitCode: ExitCode;
  readonly out: string;
  readonly errors: string;
}

/** Runs a command in this process, on the real engine, and keeps what it prints. */
export async function cli(
  argv: readonly string[],
  cwd: string = repositoryRoot,
  progress: Progress = silentProgress,
): Promise<CliOutcome> {
  const out: string[] = [];
  const errors: string[] = [];
  const exitCode = await runCli(['--device', 'cpu', ...argv], {
    ...{ cwd, env: process.env, home: homedir(), progress, silentProgress },
    print: (text) => out.push(text),
    printError: (text) => errors.push(text),
    signal: new AbortController().signal,
    version: '0.0.0-test',
  });
  return { exitCode, out: out.join('\n'), errors: errors.join('\n') };
}
