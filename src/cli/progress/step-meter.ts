import { rateEstimate } from './rate-estimate.ts';

/** What is known of a step at one moment. */
export interface StepReading {
  readonly label: string;
  readonly unit: string;
  readonly done: number;
  /** As much of `done` is from before the step was started. */
  readonly doneBefore: number;
  readonly total: number;
  /** 0 to 1, or `undefined` where the total is not known. */
  readonly fraction: number | undefined;
  readonly elapsedMs: number;
  readonly unitsPerSecond: number | undefined;
  readonly leftMs: number | undefined;
  readonly facts: Readonly<Record<string, string>>;
}

export interface StepMeter {
  advance(units: number, facts?: Readonly<Record<string, string>>): void;
  read(): StepReading;
}

/** Counts the units of one step. `now` is a clock in milliseconds. A total of 0 means: not known. */
export function stepMeter(
  label: string,
  total: number,
  unit: string,
  now: () => number,
  doneBefore = 0,
): StepMeter {
  const startMs = now();
  const rate = rateEstimate(startMs);
  let done = doneBefore;
  let facts: Readonly<Record<string, string>> = {};
  let advancedMs = startMs;
  return {
    advance(units, newFacts) {
      done += units;
      if (newFacts !== undefined) facts = newFacts;
      advancedMs = now();
      rate.add(units, advancedMs);
    },
    read() {
      const nowMs = now();
      const unitsPerSecond = rate.unitsPerSecond(nowMs);
      return {
        label,
        unit,
        done,
        doneBefore,
        total,
        fraction: total > 0 ? Math.min(1, done / total) : undefined,
        elapsedMs: nowMs - startMs,
        unitsPerSecond,
        leftMs: timeLeft(total - done, unitsPerSecond, nowMs - advancedMs),
        facts,
      };
    },
  };
}

/** Counts down between advances, which may be seconds apart. */
function timeLeft(left: number, unitsPerSecond: number | undefined, sinceMs: number): number | undefined {
  if (unitsPerSecond === undefined || unitsPerSecond <= 0 || left <= 0) return undefined;
  return Math.max(0, (left / unitsPerSecond) * 1000 - sinceMs);
}
