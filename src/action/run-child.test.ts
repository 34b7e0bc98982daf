import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isRunning } from '../../test/github/process-state.ts';
import type { ChildExit, ChildOutcome } from './child-outcome.ts';
import { classifyExit } from './child-outcome.ts';
import { GROUP_MARK_VARIABLE, groupMark, isMarkedGroup, leftGroups, signalGroup } from './process-group.ts';
import { runChild } from './run-child.ts';

describe('real programs by how they end', () => {
  it.each<[string, string[], ChildOutcome]>([
    ['exit 0', ['exit-with', '0'], { kind: 'succeeded' }],
    ['exit 1', ['exit-with', '1'], { kind: 'failed', exitCode: 1, message: 'the last word on 1' }],
    ['exit 2', ['exit-with', '2'], { kind: 'badInput', message: 'the last word on 2' }],
    ['exit 3', ['exit-with', '3'], { kind: 'regression' }],
    ['exit 75', ['exit-with', '75'], { kind: 'interrupted', by: 'itself', isResumable: true }],
    ['exit 42', ['exit-with', '42'], { kind: 'failed', exitCode: 42, message: 'the last word on 42' }],
    ['exit 137, as a container reports SIGKILL', ['exit-with', '137'], { kind: 'killed' }],
    [
      'exit 139',
      ['exit-with', '139'],
      { kind: 'crashed', signal: 'SIGSEGV', message: 'the last word on 139' },
    ],
    ['SIGKILL', ['end-by-signal', 'SIGKILL'], { kind: 'killed' }],
    [
      'SIGSEGV',
      ['end-by-signal', 'SIGSEGV'],
      { kind: 'crashed', signal: 'SIGSEGV', message: 'about to end' },
    ],
    [
      'SIGABRT',
      ['end-by-signal', 'SIGABRT'],
      { kind: 'crashed', signal: 'SIGABRT', message: 'about to end' },
    ],
    [
      'SIGTERM from somebody else',
      ['end-by-signal', 'SIGTERM'],
      { kind: 'crashed', signal: 'SIGTERM', message: 'about to end' },
    ],
  ])('%s', async (_, program, expected) => {
    expect(classifyExit(await start(program))).toEqual(expected);
  });

  it('a full heap is out of memory, not a crash', async () => {
    const exit = await start(['out-of-memory'], { nodeOptions: ['--max-old-space-size=32'] });
    expect(exit.exitCode ?? exit.signal).not.toBe(0);
    expect(classifyExit(exit)).toEqual({
      kind: 'outOfMemory',
      evidence: expect.stringContaining('JavaScript heap out of memory') as string,
    });
  });

  it('an array that cannot be had is out of memory', async () => {
    const exit = await start(['allocate-arrays'], { shellLimit: 'ulimit -v 12000000' });
    expect(classifyExit(exit)).toMatchObject({ kind: 'outOfMemory' });
  });

  it('a program that is not there has failed to start', async () => {
    const exit = await runChild(
      { file: '/nonexistent/node', args: [], cwd: '/', env: {}, timeoutMs: undefined },
      { onStart: () => expect.unreachable(), onStderr: () => undefined, onCancel: () => () => undefined },
    );
    expect(classifyExit(exit)).toMatchObject({
      kind: 'failed',
      exitCode: undefined,
      message: expect.stringContaining('ENOENT') as string,
    });
  });
});

describe('the kernel ended a process', () => {
  const killed: ChildExit = {
    exitCode: undefined,
    signal: 'SIGKILL',
    stderrTail: '',
    timedOutAfterMs: undefined,
    stalledAfterMs: undefined,
    cancelledBy: undefined,
    kernelOomKills: 0,
  };

  it.each([
    [1, 'outOfMemory'],
    [0, 'killed'],
    [undefined, 'killed'],
  ])('%s more out-of-memory kills than before: %s', (kernelOomKills, kind) => {
    expect(classifyExit({ ...killed, kernelOomKills }).kind).toBe(kind);
  });
});

describe('stopping', () => {
  it('passes SIGINT on and waits for the checkpoint', async () => {
    const exit = await start(['checkpoint-on-signal'], { cancelWith: 'SIGINT' });
    expect(exit.stderrTail).toContain('stopping on SIGINT');
    expect(classifyExit(exit)).toEqual({ kind: 'interrupted', by: 'runner', isResumable: true });
  });

  it('says when the cancelled program left no checkpoint', async () => {
    const exit = await start(['end-by-signal', 'SIGCONT'], { cancelWith: 'SIGTERM' });
    expect(classifyExit(exit)).toEqual({ kind: 'interrupted', by: 'runner', isResumable: false });
  });

  it('stops a program at its time limit', async () => {
    const exit = await start(['checkpoint-on-signal'], { timeoutMs: 1500 });
    expect(classifyExit(exit)).toEqual({ kind: 'timedOut', afterMs: 1500, isResumable: true });
  });

  it('kills a program that does not stop', async () => {
    const exit = await start(['never-stop'], { timeoutMs: 1500, stopGraceMs: 300 });
    expect(exit.signal).toBe('SIGKILL');
    expect(classifyExit(exit)).toEqual({ kind: 'timedOut', afterMs: 1500, isResumable: false });
  });

  it('ends a program that falls silent, as hung', async () => {
    const exit = await start(['never-stop'], { stallMs: 600, stopGraceMs: 200 });
    expect(classifyExit(exit)).toEqual({ kind: 'hung', afterMs: 600, isResumable: false });
  });

  it('does not take a program for hung that is silent while its log grows', async () => {
    const exit = await start(['never-stop'], {
      stallMs: 400,
      lastSignMs: Date.now,
      timeoutMs: 1500,
      stopGraceMs: 200,
    });
    expect(classifyExit(exit)).toMatchObject({ kind: 'timedOut' });
  });

  it('ends what the program left behind, instead of waiting for it', async () => {
    const exit = await start(['leave-grandchild']);
    const grandchild = Number(/grandchild (\d+)/.exec(exit.stderrTail)?.[1]);
    expect(classifyExit(exit)).toEqual({ kind: 'succeeded' });
    await sleep(200);
    expect(grandchild).toBeGreaterThan(1);
    expect(isRunning(grandchild)).toBe(false);
  });
});

describe('a program whose arithmetic left the numbers', () => {
  it.each([
    'Step 5 gave a loss of NaN and a gradient norm of 3; training stopped and no weights of this step were saved.',
    'Step 5 gave a loss of 2.1 and a gradient norm of Infinity; training stopped.',
    'piqa item 3 (ab12): the log-likelihood of choice 1 is -Infinity',
  ])('is named: %s', (stderrTail) => {
    const exit = {
      exitCode: 1,
      signal: undefined,
      stderrTail,
      timedOutAfterMs: undefined,
      stalledAfterMs: undefined,
    };
    expect(classifyExit({ ...exit, cancelledBy: undefined, kernelOomKills: 0 })).toEqual({
      kind: 'notANumber',
      message: stderrTail,
    });
  });
});

describe.skipIf(!existsSync('/proc/self/environ'))('a left-over group', () => {
  it('of an earlier job of this runner is found by its name, those of others are not', async () => {
    let groupId = 0;
    const ended = start(['never-stop'], {
      env: { [GROUP_MARK_VARIABLE]: groupMark('gpu 1', 'x') },
      onStart: (id) => (groupId = id),
    });
    await sleep(500);
    expect(leftGroups('gpu 1')).toEqual([{ groupId, mark: 'gpu%201/x' }]);
    expect(leftGroups('gpu')).toEqual([]);
    expect(leftGroups('gpu 12')).toEqual([]);
    expect(leftGroups(undefined)).toEqual([]);
    signalGroup(groupId, 'SIGKILL');
    await ended;
    expect(leftGroups('gpu 1')).toEqual([]);
  });

  it('is known by its mark, and a group without the mark is left alone', async () => {
    let groupId = 0;
    const ended = start(['never-stop'], {
      env: { [GROUP_MARK_VARIABLE]: 'mine' },
      onStart: (id) => (groupId = id),
    });
    await sleep(500);
    expect(isMarkedGroup(groupId, 'somebody-else')).toBe(false);
    expect(isMarkedGroup(groupId, 'mine')).toBe(true);
    expect(signalGroup(groupId, 'SIGKILL')).toBe(true);
    await ended;
    expect(isMarkedGroup(groupId, 'mine')).toBe(false);
    expect(signalGroup(groupId, 'SIGKILL')).toBe(false);
  });
});

interface StartOptions {
  readonly nodeOptions?: readonly string[];
  readonly shellLimit?: string;
  readonly timeoutMs?: number;
  readonly stopGraceMs?: number;
  readonly stallMs?: number;
  readonly lastSignMs?: () => number;
  readonly cancelWith?: NodeJS.Signals;
  readonly env?: Readonly<Record<string, string>>;
  readonly onStart?: (groupId: number) => void;
}

function start([program, ...args]: string[], options: StartOptions = {}): Promise<ChildExit> {
  const path = fileURLToPath(new URL(`../../test/github/programs/${program!}.mjs`, import.meta.url));
  const node = [...(options.nodeOptions ?? []), path, ...args];
  const limited = ['-c', `${options.shellLimit ?? ''}; exec "$0" "$@"`, process.execPath, ...node];
  let cancel: ((signal: NodeJS.Signals) => void) | undefined;
  return runChild(
    {
      ...(options.shellLimit === undefined
        ? { file: process.execPath, args: node }
        : { file: 'bash', args: limited }),
      cwd: process.cwd(),
      env: { PATH: process.env['PATH'] ?? '', ...options.env },
      timeoutMs: options.timeoutMs,
      ...(options.stopGraceMs !== undefined && { stopGraceMs: options.stopGraceMs }),
      ...(options.stallMs !== undefined && { stallMs: options.stallMs }),
      ...(options.lastSignMs !== undefined && { lastSignMs: options.lastSignMs }),
    },
    {
      onStart: options.onStart ?? (() => undefined),
      onStderr: () => {
        // The program's first word: it listens now.
        if (options.cancelWith) cancel?.(options.cancelWith);
      },
      onCancel: (listener) => {
        cancel = listener;
        return () => undefined;
      },
    },
  );
}
