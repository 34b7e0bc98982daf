import type { Command } from 'commander';
import type { ExitCode } from '../errors.ts';
import type { RunContext } from '../run/context.ts';

/** What a command needs from the rim. */
export interface CommandIo {
  readonly context: RunContext;
  /** `--device`, which overrides the recipe's. */
  readonly device: 'auto' | 'cpu' | 'cuda' | undefined;
  readonly home: string;
  readonly print: (text: string) => void;
  /** Width of the terminal that `print` goes to; undefined where that is none. */
  readonly columns?: number | undefined;
}

/** Makes one command; `end` sets an exit code other than 0. */
export type CommandDefinition = (io: () => CommandIo, end: (code: ExitCode) => void) => Command;
