import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { EXIT } from '../errors.ts';
import { EvaluateError } from './evaluate-error.ts';
import type { Loglikelihood, TokenRequest } from './result.ts';

/** What of an evaluation is done, so that after an interruption only the rest is computed. */
export interface ScoreJournal {
  /** Requests that were scored before it was opened. */
  readonly found: number;
  find(request: TokenRequest): Loglikelihood | undefined;
  add(request: TokenRequest, result: Loglikelihood): void;
  /** Leaves the file for the next run. */
  close(): void;
  /** Takes the file away: the results stand elsewhere by now. */
  remove(): Promise<void>;
}

const FORMAT = 'inheritune scores 1';

/**
 * A journal in JSON lines: the first names `fingerprint` (of everything that scores depend on besides token ids: weights,
 * precision), each other one a request by the sha256 of its token ids, with its log-likelihood.
 * A journal of something else, or a last line that a kill cut off, is dropped. Lines are handed to the system one by one, so
 * that a process that is killed loses nothing it was told.
 * @throws EvaluateError `bad-journal` where the file cannot be written
 */
export function openScoreJournal(file: string, fingerprint: string): ScoreJournal {
  const { scores, bytes } = readJournal(file, fingerprint);
  let descriptor: number | undefined;
  const write = (line: object): void => {
    try {
      // Only now: an evaluation that fails before its first score leaves nothing behind.
      if (descriptor === undefined) {
        descriptor = openAt(file, bytes);
        if (bytes === 0) writeSync(descriptor, `${JSON.stringify({ format: FORMAT, fingerprint })}\n`);
      }
      writeSync(descriptor, `${JSON.stringify(line)}\n`);
    } catch (cause) {
      throw unwritable(file, cause);
    }
  };
  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  return {
    found: scores.size,
    find: (request) => (scores.size === 0 ? undefined : scores.get(keyOf(request))),
    add: (request, { loglikelihood, greedy }) => {
      // JSON has no NaN; what is broken is computed again.
      if (Number.isFinite(loglikelihood)) write({ k: keyOf(request), l: loglikelihood, g: greedy });
    },
    close,
    remove: async () => {
      close();
      await rm(file, { force: true });
    },
  };
}

/** The scores of a journal with this fingerprint and how many of its bytes are whole lines; nothing for any other file. */
function readJournal(
  file: string,
  fingerprint: string,
): { scores: Map<string, Loglikelihood>; bytes: number } {
  const nothing = { scores: new Map<string, Loglikelihood>(), bytes: 0 };
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch {
    return nothing;
  }
  const bytes = content.lastIndexOf(0x0a) + 1;
  const [first, ...lines] = content.subarray(0, bytes).toString('utf8').split('\n').slice(0, -1);
  const header = parsed(first);
  if (header?.['format'] !== FORMAT || header['fingerprint'] !== fingerprint) return nothing;
  const { scores } = nothing;
  for (const line of lines) {
    const { k, l, g } = parsed(line) ?? {};
    if (typeof k === 'string' && typeof l === 'number' && typeof g === 'boolean') {
      scores.set(k, { loglikelihood: l, greedy: g });
    }
  }
  return { scores, bytes };
}

function parsed(line: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Opens for writing behind the first `bytes` bytes; the rest is dropped. */
function openAt(file: string, bytes: number): number {
  const descriptor = openSync(file, 'a');
  ftruncateSync(descriptor, bytes);
  return descriptor;
}

function unwritable(file: string, cause: unknown): EvaluateError {
  return new EvaluateError(
    'bad-journal',
    `${file}, which keeps finished items for a restart, cannot be written: ${(cause as Error).message}. Free space or choose another --out.`,
    { exitCode: EXIT.failed, cause },
  );
}

function keyOf({ input, targets }: TokenRequest): string {
  const numbers = Int32Array.from([targets.length, ...targets, ...input]);
  return createHash('sha256').update(new Uint8Array(numbers.buffer)).digest('base64url');
}
