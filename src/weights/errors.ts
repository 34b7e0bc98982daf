import { EXIT, InherituneError } from '../errors.ts';
import type { ExitCode } from '../errors.ts';

export type WeightsErrorCode =
  | 'bad-file'
  | 'unsupported'
  | 'missing'
  | 'bad-spec'
  | 'hub-denied'
  | 'hub-not-found'
  | 'hub-unavailable'
  | 'hub-corrupt'
  | 'write-failed';

/** What goes wrong between a model's name and its tensors: bad files, absent files, a hub that says no, a full disk. */
export class WeightsError extends InherituneError {
  constructor(
    code: WeightsErrorCode,
    message: string,
    options: { exitCode?: ExitCode; cause?: unknown } = {},
  ) {
    super(`weights/${code}`, message, {
      exitCode: options.exitCode ?? exitCodeOf(code),
      cause: options.cause,
    });
  }
}

/** The reason behind a file-system error of Node in a person's words; undefined when `error` is none. */
export function fileErrorReason(error: unknown): string | undefined {
  // Errors of other kinds have a `code` too; only those of system calls carry `syscall`.
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  const code = String(error.code);
  return FILE_REASONS[code] ?? code;
}

const FILE_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EEXIST: 'something of that name is in the way',
  EACCES: 'permission was denied',
  EPERM: 'the operation is not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the system allows',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  EMFILE: 'too many files are open',
  EIO: 'the disk reported an input/output error',
};

/** A hub that is down or a disk that is full is a failure; a wrong file or name is the user's input. */
function exitCodeOf(code: WeightsErrorCode): ExitCode {
  return code === 'hub-unavailable' || code === 'hub-corrupt' || code === 'write-failed'
    ? EXIT.failed
    : EXIT.usage;
}
