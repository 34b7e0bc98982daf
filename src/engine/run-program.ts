import { execa } from 'execa';

/** How an outside program ended. A program that is not there is a state of its own, because advice depends on it. */
export type ProgramResult =
  | { readonly state: 'ended'; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  | { readonly state: 'killed'; readonly signal: string; readonly stderr: string }
  | { readonly state: 'timed-out'; readonly stderr: string }
  | { readonly state: 'missing'; readonly reason: string };

export interface ProgramOptions {
  /** The whole environment of the program: nothing is added from this process's own. */
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
  readonly cwd?: string;
}

/** Runs a program without a shell and never throws for what the program does. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  const result = await execa(command, args, {
    reject: false,
    encoding: 'utf8',
    stdin: 'ignore',
    env: options.env,
    extendEnv: false,
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  if (result.timedOut) return { state: 'timed-out', stderr: result.stderr };
  if (result.signal !== undefined) return { state: 'killed', signal: result.signal, stderr: result.stderr };
  if (result.exitCode === undefined) {
    return { state: 'missing', reason: result.originalMessage ?? `${command} could not be started` };
  }
  return { state: 'ended', exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
}

/** The last line with text in it: where programs put the reason. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}
