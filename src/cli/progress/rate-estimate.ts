/** Shorter spans are merged, so that thousands of tiny advances a second do not make a rate of their own. */
const MIN_SPAN_MS = 500;

/** About a minute of training steps: old enough to be steady, young enough to follow a change. */
const MAX_SPANS = 31;

/** Before this, one advance says nothing about the next. */
const MIN_ELAPSED_MS = 1000;

export interface RateEstimate {
  add(units: number, nowMs: number): void;
  /** Units per second, or `undefined` while it is too early to say. */
  unitsPerSecond(nowMs: number): number | undefined;
}

/**
 * Speed of the recent past as the median over the last spans of at least half a second. The median leaves out what happens
 * seldom and takes long: compiling the graph in the first step, a checkpoint, a page of the machine's other work.
 */
export function rateEstimate(startMs: number): RateEstimate {
  const spans: number[] = [];
  let spanStartMs = startMs;
  let spanUnits = 0;
  let totalUnits = 0;
  return {
    add(units, nowMs) {
      totalUnits += units;
      spanUnits += units;
      const durationMs = nowMs - spanStartMs;
      if (durationMs < MIN_SPAN_MS) return;
      spans.push((spanUnits / durationMs) * 1000);
      if (spans.length > MAX_SPANS) spans.shift();
      spanStartMs = nowMs;
      spanUnits = 0;
    },
    unitsPerSecond(nowMs) {
      const elapsedMs = nowMs - startMs;
      if (totalUnits === 0 || elapsedMs < MIN_ELAPSED_MS) return undefined;
      return spans.length >= 3 ? median(spans) : (totalUnits / elapsedMs) * 1000;
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
