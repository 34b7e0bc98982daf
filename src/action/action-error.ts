import type { ExitCode } from '../errors.ts';
import { InherituneError } from '../errors.ts';

/** The action cannot start: an input or a variable of the runner is missing or of the wrong form. */
export class ActionError extends InherituneError {
  constructor(
    code: 'ACTION_INPUT' | 'ACTION_ENVIRONMENT' | 'ACTION_RESULTS',
    message: string,
    options: { exitCode?: ExitCode } = {},
  ) {
    super(code, message, options);
  }
}
