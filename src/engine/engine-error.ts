import { InherituneError } from '../errors.ts';
import type { ExitCode } from '../errors.ts';

export type EngineErrorCode =
  | 'engine-platform'
  | 'engine-python'
  | 'engine-pip'
  | 'engine-download'
  | 'engine-hash'
  | 'engine-archive'
  | 'engine-sources'
  | 'engine-compiler'
  | 'engine-compile'
  | 'engine-cache'
  | 'engine-disk'
  | 'engine-native-dir'
  | 'engine-load'
  | 'engine-device'
  | 'engine-model';

/** Anything that keeps native TensorFlow from being set up or loaded. */
export class EngineError extends InherituneError {
  declare readonly code: EngineErrorCode;

  constructor(
    code: EngineErrorCode,
    message: string,
    options: { exitCode?: ExitCode; cause?: unknown } = {},
  ) {
    super(code, message, { exitCode: 1, ...options });
  }
}
