import { describe, expect, it } from 'vitest';
import { rateEstimate } from './rate-estimate.ts';

/** Feeds `durationsMs.length` advances of `units` each. */
function rateAfter(durationsMs: readonly number[], units: number): number | undefined {
  let nowMs = 1_000_000;
  const rate = rateEstimate(nowMs);
  for (const durationMs of durationsMs) {
    nowMs += durationMs;
    rate.add(units, nowMs);
  }
  return rate.unitsPerSecond(nowMs);
}

const steady = Array.from({ length: 20 }, () => 2_500);

describe('rateEstimate', () => {
  it('says nothing within the first second', () => {
    expect(rateAfter([400, 500], 512)).toBeUndefined();
  });

  it('is units over time for steady steps', () => {
    expect(rateAfter(steady, 512)).toBeCloseTo(204.8, 6);
  });

  it('is the mean while there are few steps', () => {
    expect(rateAfter([2_000, 2_000], 512)).toBeCloseTo(256, 6);
  });

  it('forgets a first step that compiles for a minute', () => {
    expect(rateAfter([60_000, ...steady], 512)).toBeCloseTo(204.8, 6);
  });

  it('passes over a pause for a checkpoint', () => {
    expect(rateAfter([...steady, 30_000, ...steady.slice(10)], 512)).toBeCloseTo(204.8, 6);
  });

  it('follows a lasting change of speed', () => {
    expect(rateAfter([...steady, ...steady, ...steady.map(() => 5_000)], 512)).toBeCloseTo(102.4, 6);
  });

  it('counts thousands of tiny advances right', () => {
    expect(
      rateAfter(
        Array.from({ length: 10_000 }, () => 1),
        3,
      ),
    ).toBeCloseTo(3_000, 6);
  });
});
