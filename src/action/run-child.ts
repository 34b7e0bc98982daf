import { execa } from 'execa';
import type { ChildExit } from './child-outcome.ts';
import { countKernelOomKills, signalGroup } from './process-group.ts';

/** Enough for an error message and its stack. */
const STDERR_TAIL_CHARACTERS = 16_384;
/** After the time limit the run may still write its checkpoint, tens of gigabytes for a model of 1.8B parameters. */
const STOP_GRACE_MS = 5 * 60_000;
/** A hung run seldom hears a signal, and has nothing to write that its last checkpoint does not hold. */
const STALL_GRACE_MS = 30_000;
/** How often silence is measured, as a share of what is allowed. */
const STALL_CHECKS = 20;

export interface ChildCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number | undefined;
  readonly stopGraceMs?: number;
  /** Silence after which it counts as hung; undefined for never. */
  readonly stallMs?: number | undefined;
  /** Other signs of life than its standard error, as milliseconds since the epoch: a log file that grows. */
  readonly lastSignMs?: () => number | undefined;
}

export interface ChildHooks {
  /** Called with the process group's id once it runs. */
  readonly onStart: (groupId: number) => void;
  /** Whole lines of standard error, in order. */
  readonly onStderr: (text: string) => void;
  /** Subscribes to the signals that cancel this process; returns the way to unsubscribe. */
  readonly onCancel: (listener: (signal: NodeJS.Signals) => void) => () => void;
}

/**
 * Runs a program in a process group of its own and waits for its end, whatever that is; never throws for the program's sake.
 * Its standard output goes straight to ours. Cancellation and the time limit are passed on as signals to the whole group and
 * waited for; what is left of the group after the program's end is killed.
 */
export async function runChild(command: ChildCommand, hooks: ChildHooks): Promise<ChildExit> {
  const oomKillsBefore = countKernelOomKills();
  const child = execa(command.file, command.args, {
    cwd: command.cwd,
    env: command.env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'pipe',
  });
  const groupId = child.pid;
  if (groupId !== undefined) hooks.onStart(groupId);

  const stop = {
    cancelledBy: undefined as string | undefined,
    timedOutAfterMs: undefined as number | undefined,
    stalledAfterMs: undefined as number | undefined,
  };
  const timers = new Set<NodeJS.Timeout>();
  const send = (signal: NodeJS.Signals): void => {
    if (groupId !== undefined) signalGroup(groupId, signal);
  };
  const unsubscribe = hooks.onCancel((signal) => {
    stop.cancelledBy ??= signal;
    send(signal);
  });
  if (command.timeoutMs !== undefined) {
    const { timeoutMs } = command;
    const onTimeout = (): void => {
      stop.timedOutAfterMs = timeoutMs;
      send('SIGTERM');
      timers.add(setTimeout(send, command.stopGraceMs ?? STOP_GRACE_MS, 'SIGKILL'));
    };
    timers.add(setTimeout(onTimeout, timeoutMs));
  }
  let lastSignMs = Date.now();
  if (command.stallMs !== undefined) {
    const { stallMs, lastSignMs: otherSignMs } = command;
    const watch = setInterval(() => {
      const silentMs = Date.now() - Math.max(lastSignMs, otherSignMs?.() ?? 0);
      if (silentMs < stallMs || stop.cancelledBy !== undefined || stop.timedOutAfterMs !== undefined) return;
      stop.stalledAfterMs = stallMs;
      clearInterval(watch);
      send('SIGTERM');
      timers.add(setTimeout(send, command.stopGraceMs ?? STALL_GRACE_MS, 'SIGKILL'));
    }, stallMs / STALL_CHECKS);
    timers.add(watch);
  }
  // The pipe stays open as long as a grandchild holds it: without this a left-over would hold the job.
  child.once('exit', () => {
    send('SIGKILL');
  });

  const stderr = collectLines(hooks.onStderr);
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    lastSignMs = Date.now();
    stderr.add(chunk);
  });
  const result = await child;
  stderr.flush();
  unsubscribe();
  timers.forEach((timer) => {
    clearTimeout(timer);
  });

  const oomKillsAfter = countKernelOomKills();
  const neverStarted = groupId === undefined;
  return {
    exitCode: result.exitCode,
    signal: result.signal,
    stderrTail: neverStarted ? (result.shortMessage ?? '') : stderr.tail(),
    ...stop,
    kernelOomKills:
      oomKillsBefore === undefined || oomKillsAfter === undefined
        ? undefined
        : oomKillsAfter - oomKillsBefore,
  };
}

/** Passes text on in whole lines, so that it does not break into a line of standard output, and remembers its end. */
function collectLines(emit: (text: string) => void): {
  add: (chunk: string) => void;
  flush: () => void;
  tail: () => string;
} {
  let pending = '';
  let tail = '';
  return {
    add: (chunk) => {
      tail = (tail + chunk).slice(-STDERR_TAIL_CHARACTERS);
      pending += chunk;
      const end = pending.lastIndexOf('\n') + 1;
      if (end > 0) emit(pending.slice(0, end));
      pending = pending.slice(end);
    },
    flush: () => {
      if (pending !== '') emit(`${pending}\n`);
      pending = '';
    },
    tail: () => tail,
  };
}
