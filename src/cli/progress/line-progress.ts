import type { ClosableProgress } from './closable-progress.ts';
import { stepMeter } from './step-meter.ts';
import { endLine, logLine } from './step-text.ts';

export interface LineProgressOptions {
  readonly stream: { write(text: string): unknown };
  /** A clock in milliseconds. */
  readonly now: () => number;
  /** Longest silence while a step advances. */
  readonly everyMs?: number;
}

/** A log that is watched as it grows needs a sign of life; one that is read later needs few lines. */
const EVERY_MS = 10_000;
const LINES_PER_STEP = 10;

/**
 * Progress as plain lines for logs, without control characters: one at the start of a step, one at its end with the time it
 * took, and in between one whenever another 10 % are done or 10 s have passed, but never two within a second.
 */
export function lineProgress({ stream, now, everyMs = EVERY_MS }: LineProgressOptions): ClosableProgress {
  const write = (line: string) => stream.write(`${line}\n`);
  return {
    start(label, total, unit, doneBefore) {
      const meter = stepMeter(label, total, unit, now, doneBefore);
      let writtenMs = now();
      let writtenTenths = 0;
      let ended = false;
      write(`${label}: started`);
      return {
        advance(units, facts) {
          meter.advance(units, facts);
          const reading = meter.read();
          const sinceMs = now() - writtenMs;
          const tenths = Math.floor((reading.fraction ?? 0) * LINES_PER_STEP);
          const due = sinceMs >= everyMs || (tenths > writtenTenths && sinceMs >= Math.min(1000, everyMs));
          // The end line follows at once and says more.
          if (!due || reading.fraction === 1) return;
          write(logLine(reading));
          writtenMs = now();
          writtenTenths = tenths;
        },
        end() {
          if (ended) return;
          ended = true;
          write(endLine(meter.read()));
        },
      };
    },
    note: (text) => void write(text),
    close: () => undefined,
  };
}
