import { InherituneError } from '../errors.ts';
import type { ExitCode } from '../errors.ts';

/** A training run that cannot start or go on. */
export class TrainError extends InherituneError {
  constructor(
    code: 'input' | 'nonFinite' | 'checkpoint' | 'interrupted',
    message: string,
    options: { exitCode?: ExitCode; cause?: unknown } = {},
  ) {
    super(code, message, options);
  }
}
