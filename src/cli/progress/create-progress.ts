import type { ClosableProgress } from './closable-progress.ts';
import { lineProgress } from './line-progress.ts';
import { terminalProgress, type TerminalProgressOptions } from './terminal-progress.ts';

export interface CreateProgressOptions extends TerminalProgressOptions {
  /** Whether `stream` is a terminal that a person watches; a log of a CI job is not. */
  readonly isTty: boolean;
}

/** A bar for a terminal, plain lines for everything else. */
export function createProgress({ stream, isTty, now }: CreateProgressOptions): ClosableProgress {
  return isTty ? terminalProgress({ stream, now }) : lineProgress({ stream, now });
}
