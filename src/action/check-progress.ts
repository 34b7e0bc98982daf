import type { CheckText, CheckWrite } from '../github/check-run.ts';
import type { TrainingState } from './training-state.ts';
import { secondsLeft } from './training-state.ts';

/**
 * The write budget of one job's progress. GitHub gives a repository's GITHUB_TOKEN 1,000 REST requests an hour and 500 content
 * writes, for all its jobs together. Spacing that grows with the time passed keeps the display fresh in proportion: 60 writes in the
 * first hour, 60 for every 2.7-fold of the time after it, and about 350 in the five days that a job may last.
 */
export const FIRST_WRITE_MS = 20_000;
export const LEAST_SPACING_MS = 60_000;
export const SPACING_SHARE = 1 / 60;
export const MAX_WRITES = 400;
/** Failed updates in a row after which the job goes on without showing its progress. */
export const MAX_FAULTS = 3;

/** Like `setTimeout` of node:timers/promises: rejects when the signal aborts. */
export interface ProgressClock {
  now(): number;
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
}

export interface ProgressOptions {
  readonly read: () => TrainingState | undefined;
  readonly write: (text: CheckText) => Promise<CheckWrite>;
  readonly totalSteps: number | undefined;
  readonly clock: ProgressClock;
  readonly signal: AbortSignal;
  readonly warn: (text: string) => void;
}

/** Shows the training's progress until the signal aborts or the writes fail for good. Never throws. */
export async function showProgress(options: ProgressOptions): Promise<void> {
  const { read, write, totalSteps, clock, signal, warn } = options;
  const startedMs = clock.now();
  let writes = 0;
  let faults = 0;
  let shown = '';
  let pauseMs = FIRST_WRITE_MS;
  while (writes < MAX_WRITES) {
    try {
      await clock.sleep(pauseMs, signal);
    } catch {
      return;
    }
    const elapsedMs = clock.now() - startedMs;
    pauseMs = spacingMs(elapsedMs);
    const state = read();
    if (state === undefined) continue;
    const at = `${state.model ?? ''} ${state.step}`;
    if (at === shown) continue;
    const result = await write(progressText(state, totalSteps));
    writes += 1;
    if (result.status === 'written') {
      faults = 0;
      shown = at;
      continue;
    }
    const { fault } = result;
    faults += 1;
    if (fault.kind === 'rateLimited') pauseMs = Math.max(fault.retryAfterMs, 2 * pauseMs);
    const isLasting = fault.kind !== 'rateLimited' && fault.kind !== 'transient';
    if (isLasting || faults === MAX_FAULTS) {
      warn(
        `The check run no longer shows the progress: GitHub says "${fault.text}". The run itself goes on.`,
      );
      return;
    }
  }
}

/** Time between two writes after `elapsedMs` of the job. */
export function spacingMs(elapsedMs: number): number {
  return Math.max(LEAST_SPACING_MS, elapsedMs * SPACING_SHARE);
}

/** Step, loss and time left, of the model that is trained now; pure. */
export function progressText(state: TrainingState, totalSteps: number | undefined): CheckText {
  const { step, lossNats, tokens, tokensPerSecond, model } = state;
  const left = secondsLeft(state, totalSteps);
  const steps = totalSteps === undefined ? count(step) : `${count(step)} of ${count(totalSteps)}`;
  const time = left === undefined ? '' : `, ${duration(left)} left${model === undefined ? '' : ' for it'}`;
  return {
    title: `Training${model === undefined ? '' : ` ${model}`}: step ${steps}, loss ${lossNats.toFixed(3)}${time}`,
    summary: [
      '| step | loss (nats per token) | tokens | tokens/s | time left |',
      '| ---: | ---: | ---: | ---: | ---: |',
      `| ${steps} | ${lossNats.toFixed(4)} | ${count(tokens)} | ${count(Math.round(tokensPerSecond))} | ${left === undefined ? 'not known' : duration(left)} |`,
    ].join('\n'),
  };
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return 'less than a minute';
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${String(minutes)} min` : `${String(hours)} h ${String(minutes % 60)} min`;
}
