import { EXIT, InherituneError } from '../errors.ts';

export type DataErrorCode =
  | 'tokenizer-unreadable'
  | 'tokenizer-unsupported'
  | 'tokenizer-mismatch'
  | 'text-not-unicode'
  | 'source-missing'
  | 'source-unsupported'
  | 'source-malformed'
  | 'source-changed'
  | 'source-empty'
  | 'document-too-large'
  | 'too-little-text'
  | 'token-file-invalid'
  | 'token-out-of-vocabulary'
  | 'token-range'
  | 'prepared-invalid'
  | 'output-exists'
  | 'output-busy'
  | 'mixture-invalid'
  | 'worker-failed'
  | 'batch-plan-invalid';

/** What is wrong with text, tokenizers, token files or batches; see `code`. */
export class DataError extends InherituneError {
  declare readonly code: DataErrorCode;

  constructor(code: DataErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, code === 'worker-failed' ? { ...options, exitCode: EXIT.failed } : options);
  }
}
