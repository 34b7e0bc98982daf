/** Exit codes that outside scripts rely on. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  regression: 3,
  interrupted: 75,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * The base of every error whose message is written for the person at the keyboard:
 * the first sentence says what happened, with the file, field and value; the second says what to do.
 * Only such errors are printed without a stack; anything else is a bug of ours and shows one.
 */
export class InherituneError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, options: { exitCode?: ExitCode; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.exitCode = options.exitCode ?? EXIT.usage;
  }
}
