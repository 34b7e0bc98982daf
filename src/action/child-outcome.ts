import { constants } from 'node:os';
import { EXIT } from '../errors.ts';

/** How the child process ended, as observed. */
export interface ChildExit {
  /** Undefined when a signal ended it or it never started. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** The last kilobytes it wrote to standard error. */
  readonly stderrTail: string;
  /** The time limit after which it was told to stop. */
  readonly timedOutAfterMs: number | undefined;
  /** The silence after which it was ended as hung. */
  readonly stalledAfterMs: number | undefined;
  /** The signal the runner sent us and we passed on. */
  readonly cancelledBy: string | undefined;
  /** Processes that the kernel's out-of-memory killer ended on this machine meanwhile; undefined where it does not tell. */
  readonly kernelOomKills: number | undefined;
}

export type ChildOutcome =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'regression' }
  | { readonly kind: 'badInput'; readonly message: string }
  | { readonly kind: 'interrupted'; readonly by: 'runner' | 'itself'; readonly isResumable: boolean }
  | { readonly kind: 'failed'; readonly exitCode: number | undefined; readonly message: string }
  /** `said`: the program's own sentence, which also says what to change. */
  | { readonly kind: 'outOfMemory'; readonly evidence: string; readonly said?: string }
  | { readonly kind: 'killed' }
  | { readonly kind: 'timedOut'; readonly afterMs: number; readonly isResumable: boolean }
  | { readonly kind: 'hung'; readonly afterMs: number; readonly isResumable: boolean }
  /** A loss, gradient or score that is not a number. */
  | { readonly kind: 'notANumber'; readonly message: string }
  | { readonly kind: 'crashed'; readonly signal: string; readonly message: string };

/**
 * Names what happened; pure. Nothing but exit code 0 is a success, and an unknown way to end is a failure.
 * A shell or container between us and the program reports a signal as 128 + its number.
 */
export function classifyExit(exit: ChildExit): ChildOutcome {
  const { exitCode } = exit;
  const signal = exit.signal ?? signalOf(exitCode);
  const message = lastLine(exit.stderrTail);
  const isResumable = exitCode === EXIT.interrupted;
  if (exitCode === EXIT.done) return { kind: 'succeeded' };
  // A verdict that is complete counts although the run was told to stop a moment later.
  if (exitCode === EXIT.regression) return { kind: 'regression' };
  if (exit.cancelledBy !== undefined) return { kind: 'interrupted', by: 'runner', isResumable };
  if (exit.stalledAfterMs !== undefined) return { kind: 'hung', afterMs: exit.stalledAfterMs, isResumable };
  if (exit.timedOutAfterMs !== undefined)
    return { kind: 'timedOut', afterMs: exit.timedOutAfterMs, isResumable };
  if (isResumable) return { kind: 'interrupted', by: 'itself', isResumable };
  if (exitCode === EXIT.usage) return { kind: 'badInput', message };
  if (OWN_MEMORY_ERROR.test(message))
    return { kind: 'outOfMemory', evidence: 'an allocation failed', said: message };

  const evidence = memoryEvidence(exit, signal);
  if (evidence !== undefined) return { kind: 'outOfMemory', evidence };
  if (signal === 'SIGKILL') return { kind: 'killed' };
  if (signal !== undefined) return { kind: 'crashed', signal, message };
  if (NOT_A_NUMBER.test(message)) return { kind: 'notANumber', message };
  return { kind: 'failed', exitCode, message };
}

/** What programs print when an allocation fails: V8, TensorFlow's allocators, CUDA, the C++ library. */
const MEMORY_WORDS =
  /JavaScript heap out of memory|Array buffer allocation failed|RESOURCE_EXHAUSTED|ran out of memory trying to allocate|OOM when allocating|CUDA_ERROR_OUT_OF_MEMORY|std::bad_alloc|Cannot allocate memory/i;

/** How the command line's own error begins. Only as the last word: scoring notes the same and goes on with shorter rows. */
const OWN_MEMORY_ERROR = /^The device ran out of memory: /;

/**
 * What training and scoring say when arithmetic left the numbers: "gave a loss of NaN", "log-likelihood of choice 1 is -Infinity",
 * "left model.norm.weight with values that are not finite".
 */
export const NOT_A_NUMBER =
  /\b(?:loss|norm|log-likelihood)\b[^.\n]*?\b(?:of|is) -?(?:NaN|Infinity)\b|\bvalues that are not finite\b/i;

function memoryEvidence(exit: ChildExit, signal: string | undefined): string | undefined {
  const line = exit.stderrTail.split('\n').find((candidate) => MEMORY_WORDS.test(candidate));
  if (line !== undefined) return plain(line);
  if (signal === 'SIGKILL' && (exit.kernelOomKills ?? 0) > 0)
    return "the kernel's out-of-memory killer ended a process";
  return undefined;
}

function signalOf(exitCode: number | undefined): string | undefined {
  if (exitCode === undefined || exitCode <= 128) return undefined;
  return Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
}

/** The last line with text; a program's error message is the last thing it says. */
function lastLine(text: string): string {
  return plain(text.trimEnd().split('\n').at(-1) ?? '');
}

/** Without colours. */
function plain(line: string): string {
  // eslint-disable-next-line no-control-regex -- the escape character is what is looked for
  return line.replaceAll(/\u001b\[[0-9;]*[A-Za-z]/g, '').trim();
}
