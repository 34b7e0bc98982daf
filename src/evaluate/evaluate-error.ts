import { InherituneError } from '../errors.ts';
import type { ExitCode } from '../errors.ts';

/** Why an evaluation cannot start: what was asked for or what the data files hold (`bad-scorer`: a fault of the caller's scorer). */
export type EvaluateErrorCode =
  | 'unknown-task'
  | 'bad-option'
  | 'no-data-folder'
  | 'no-hub-data'
  | 'bad-row'
  | 'empty-file'
  | 'no-few-shot-rows'
  | 'bad-request'
  | 'bad-task-file'
  | 'bad-journal'
  | 'bad-scorer';

export class EvaluateError extends InherituneError {
  declare readonly code: EvaluateErrorCode;

  constructor(
    code: EvaluateErrorCode,
    message: string,
    options: { exitCode?: ExitCode; cause?: unknown } = {},
  ) {
    super(code, message, options);
  }
}
