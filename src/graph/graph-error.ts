import { EXIT, InherituneError } from '../errors.ts';

/** A graph that cannot be traced, loaded or run. `code` is `trace`, `shape`, `load`, `run` or `outOfMemory`. */
export class GraphError extends InherituneError {
  constructor(
    code: 'trace' | 'shape' | 'load' | 'run' | 'outOfMemory',
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(code, message, { ...options, exitCode: EXIT.failed });
  }
}
