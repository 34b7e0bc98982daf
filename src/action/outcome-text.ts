import { EXIT } from '../errors.ts';
import type { ChildOutcome } from './child-outcome.ts';
import type { Verdict } from './verdict.ts';
import { VERDICT_TEXT } from './verdict.ts';

/** What the action as a whole came to. */
export type Outcome =
  | ChildOutcome
  | { readonly kind: 'refused'; readonly reason: string }
  /** The machine does not fit the work; nothing was computed. */
  | { readonly kind: 'wrongMachine'; readonly reasons: readonly string[] }
  /** A record is of this recipe and commit; nothing was computed. */
  | { readonly kind: 'nothingNew'; readonly message: string }
  /** Ended without an error and without a result. */
  | { readonly kind: 'empty'; readonly message: string }
  /** Tasks or shards that should be there are not. */
  | { readonly kind: 'partlyMissing'; readonly missing: readonly string[] }
  | { readonly kind: 'baselineUnreadable'; readonly message: string };

export interface OutcomeText {
  /** A few words, for headings. */
  readonly title: string;
  /** What happened and what to do. */
  readonly detail: string;
  /** 0 for success, and where nothing was to be computed or nothing was tried. */
  readonly exitCode: number;
}

/** The words and exit code of each outcome; pure. `out` is the output folder as the user wrote it. */
export function describeOutcome(outcome: Outcome, out: string, verdict: Verdict = 'none'): OutcomeText {
  switch (outcome.kind) {
    case 'succeeded': {
      const isGood = verdict !== 'regression' && verdict !== 'missing';
      return { ...VERDICT_TEXT[isGood ? verdict : 'none'], exitCode: EXIT.done };
    }
    case 'regression':
      return {
        title: 'Regression',
        detail:
          "The run is complete and its gate says that this change makes the model worse. See the report's failing rows.",
        exitCode: EXIT.regression,
      };
    case 'badInput':
      return {
        title: 'Wrong input',
        detail: said(outcome.message, 'The run refused its input and gave no reason.'),
        exitCode: EXIT.usage,
      };
    case 'interrupted':
      return {
        title: 'Interrupted',
        detail: `${outcome.by === 'runner' ? 'The job was cancelled' : 'The run stopped itself'} before the end. ${resume(outcome.isResumable, out)}`,
        // 75 promises that the run can be continued.
        exitCode: outcome.isResumable ? EXIT.interrupted : EXIT.failed,
      };
    case 'failed':
      return {
        title: 'Failed',
        detail:
          outcome.exitCode === undefined
            ? `The run could not be started. ${outcome.message}`
            : said(
                outcome.message,
                `The run ended with exit code ${String(outcome.exitCode)} and gave no reason.`,
              ),
        exitCode: EXIT.failed,
      };
    case 'outOfMemory':
      return {
        title: 'Out of memory',
        detail:
          outcome.said ??
          `The run needed more memory than there is (${outcome.evidence}). Lower train.microBatch or train.sequenceLength, or use a runner with more memory.`,
        exitCode: EXIT.failed,
      };
    case 'killed':
      return {
        title: 'Killed',
        detail:
          "The run was ended by SIGKILL, most often because the machine ran out of memory. Look at the runner's system log, lower train.microBatch, or use a runner with more memory.",
        exitCode: EXIT.failed,
      };
    case 'timedOut':
      return {
        title: 'Timed out',
        detail: `The run was stopped after ${minutes(outcome.afterMs)}, its time limit. ${resume(outcome.isResumable, out)} Or raise timeout-minutes.`,
        exitCode: EXIT.failed,
      };
    case 'crashed':
      return {
        title: 'Crashed',
        detail: `The run was ended by ${outcome.signal}, which is a fault in the program or a library. ${said(outcome.message, 'It said nothing before.')} Please report it with the log.`,
        exitCode: EXIT.failed,
      };
    case 'hung':
      return {
        title: 'Hung',
        detail: `The run gave no sign of life for ${minutes(outcome.afterMs)} and was ended. ${resume(outcome.isResumable, out)} Look at the GPU with nvidia-smi and at the kernel's log; raise stall-minutes if the run was only slow.`,
        exitCode: EXIT.failed,
      };
    case 'notANumber':
      return { title: 'Not a number', detail: outcome.message, exitCode: EXIT.failed };
    case 'empty':
      return { title: 'Empty', detail: outcome.message, exitCode: EXIT.failed };
    case 'partlyMissing':
      return {
        title: 'Partly missing',
        detail: `Results are missing: ${listed(outcome.missing)}. What is missing counts as failed; look at the jobs that should have made it, and run them again.`,
        exitCode: EXIT.failed,
      };
    case 'baselineUnreadable':
      return { title: 'Baseline unreadable', detail: outcome.message, exitCode: EXIT.failed };
    case 'wrongMachine':
      return {
        title: 'Wrong machine',
        detail: `Nothing was computed, because this machine does not fit: ${outcome.reasons.join('; ')}. This says nothing about the change. Send the job to another runner (runs-on), or set preflight: false to try all the same.`,
        exitCode: EXIT.done,
      };
    case 'nothingNew':
      return { title: 'Nothing new', detail: outcome.message, exitCode: EXIT.done };
    case 'refused':
      return { title: 'Refused', detail: outcome.reason, exitCode: EXIT.failed };
  }
}

function said(message: string, otherwise: string): string {
  return message === '' ? otherwise : message;
}

function resume(isResumable: boolean, out: string): string {
  return isResumable
    ? `Run it again with the same out folder (${out}) to continue from its checkpoint.`
    : `It left no word of a checkpoint; whatever it last saved is in ${out}.`;
}

/** Enough names to see what went wrong; the report has them all. */
const NAMED = 10;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).join('; ');
  return names.length > NAMED ? `${shown} and ${String(names.length - NAMED)} more` : shown;
}

function minutes(durationMs: number): string {
  const count = Number((durationMs / 60_000).toFixed(1));
  return `${String(count)} ${count === 1 ? 'minute' : 'minutes'}`;
}
