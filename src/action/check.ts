import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckTarget, CheckText, CheckWrite } from '../github/check-run.ts';
import { concludeCheckRun, startCheckRun, updateCheckRun } from '../github/check-run.ts';
import { createClient } from '../github/client.ts';
import type { EventFacts } from '../github/pull-request.ts';
import { CHECK_SUMMARY_LIMIT } from '../report/github-limits.ts';
import { showProgress } from './check-progress.ts';
import type { JobEnvironment } from './environment.ts';
import type { Settings } from './inputs.ts';
import { renderMessage } from './message.ts';
import type { ActionResult } from './run-action.ts';
import { readTrainingState } from './training-state.ts';
import { checkConclusion } from './verdict.ts';

/** What the steps of a job tell each other about its check run. */
export interface CheckState {
  readonly id: number | undefined;
  readonly url: string | undefined;
  /** GitHub refused the first write: nothing more is tried. */
  readonly isOff: boolean;
  readonly isDone: boolean;
}

export interface CheckContext {
  readonly settings: Pick<Settings, 'checkRun' | 'checkName' | 'token' | 'variant'>;
  readonly job: JobEnvironment;
  readonly event: Pick<EventFacts, 'headSha'>;
  readonly save: (state: Partial<CheckState>) => void;
  readonly warn: (text: string) => void;
}

/** The check run of this attempt of this job. Nothing here throws: its failure is a warning, never the job's. */
export interface Check {
  readonly url: () => string | undefined;
  start(): Promise<void>;
  withProgress<T>(
    facts: { folder: string; totalSteps: number | undefined },
    work: () => Promise<T>,
  ): Promise<T>;
  conclude(result: ActionResult): Promise<void>;
  /** For a main step that died before it could conclude. */
  abandon(): Promise<void>;
}

const STARTED: CheckText = {
  title: 'Started',
  summary: 'The job is looking at its inputs and at the machine.',
};

export function openCheck(context: CheckContext, saved: CheckState): Check {
  const { settings, save, warn } = context;
  let state = saved;
  const target = checkTarget(context);
  const isUsed = (): boolean =>
    settings.checkRun === 'auto' && settings.token !== '' && !state.isOff && !state.isDone;
  const take = (result: CheckWrite, what: string): void => {
    const change: Partial<CheckState> =
      result.status === 'written'
        ? { id: result.id, url: result.url }
        : { isOff: result.fault.kind === 'forbidden' };
    state = { ...state, ...change };
    save(change);
    if (result.status === 'notWritten') warn(explain(what, result));
  };
  return {
    url: () => state.url,
    start: async () => {
      if (isUsed() && state.id === undefined) take(await startCheckRun(target(), STARTED), 'started');
    },
    withProgress: async ({ folder, totalSteps }, work) => {
      const { id } = state;
      if (!isUsed() || id === undefined) return work();
      const end = new AbortController();
      const startedMs = Date.now();
      const client = target();
      const shown = showProgress({
        read: () => readTrainingState(folder, startedMs),
        write: (text) => updateCheckRun(client, id, text),
        totalSteps,
        clock: { now: Date.now, sleep: (durationMs, signal) => sleep(durationMs, undefined, { signal }) },
        signal: end.signal,
        warn,
      });
      try {
        return await work();
      } finally {
        end.abort();
        await shown;
      }
    },
    conclude: async (result) => {
      if (!isUsed()) return;
      const { title } = result.message.outcome;
      const summary = renderMessage(result.message, CHECK_SUMMARY_LIMIT);
      const conclusion = checkConclusion(result.outcome, result.verdict);
      const written = await concludeCheckRun(target(), state.id, conclusion, { title, summary });
      take(written, 'completed');
      if (written.status === 'written') save({ isDone: true });
    },
    abandon: async () => {
      if (!isUsed() || state.id === undefined) return;
      const summary =
        'The step was ended before it had a result: the runner cancelled the job, lost its machine, or ended the step by force. The log of the job says more.';
      take(
        await concludeCheckRun(target(), state.id, 'failure', { title: 'Ended without a result', summary }),
        'completed',
      );
    },
  };
}

function checkTarget({ settings, job, event }: CheckContext): () => CheckTarget {
  let target: CheckTarget | undefined;
  return () =>
    (target ??= {
      client: createClient({ token: settings.token, apiUrl: job.apiUrl }),
      ...{ owner: job.owner, repo: job.repo, headSha: event.headSha, detailsUrl: job.runUrl },
      name: settings.checkName,
      externalId: `${String(job.runId)}-${String(job.runAttempt)}-${settings.variant}`,
      clock: { now: Date.now, sleep: (durationMs) => sleep(durationMs) },
    });
}

function explain(what: string, { fault }: Extract<CheckWrite, { status: 'notWritten' }>): string {
  const advice =
    fault.kind === 'forbidden'
      ? ' The token may only read, as always for pull requests from forks; elsewhere give the job "permissions: checks: write", or set check-run: never.'
      : fault.kind === 'unauthorized'
        ? ' The token is wrong or older than its 24 hours.'
        : '';
  return `The check run was not ${what}: GitHub says "${fault.text}".${advice}`;
}
