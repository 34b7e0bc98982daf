import { describe, expect, it } from 'vitest';
import type { StepReading } from './step-meter.ts';
import { barLine, endLine, logLine } from './step-text.ts';

const half: StepReading = {
  label: 'train',
  unit: 'tokens',
  done: 15_360,
  doneBefore: 0,
  total: 30_720,
  fraction: 0.5,
  elapsedMs: 75_000,
  unitsPerSecond: 204.8,
  leftMs: 75_000,
  facts: { loss: '8.41', rate: '3.0e-4' },
};

describe('barLine', () => {
  it.each([
    [
      120,
      'train  ━━━━━━━━━━━━━━━───────────────   50 %  205 tokens/s  loss 8.41  rate 3.0e-4  1 min 15 s left',
    ],
    [80, 'train  ━━━━━─────   50 %  205 tokens/s  loss 8.41  rate 3.0e-4  1 min 15 s left'],
    [70, 'train  ━━━━━─────   50 %  205 tokens/s  loss 8.41  1 min 15 s left'],
    [60, 'train  ━━━━━─────   50 %  205 tokens/s  1 min 15 s left'],
    [45, 'train  ━━━━━─────   50 %  1 min 15 s left'],
    [30, 'train  ━━━━━─────   50 %'],
    [20, 'train   50 %'],
    [5, 'tra…'],
    [1, '…'],
  ])('at %s columns is %s', (width, line) => {
    expect(barLine(half, width)).toBe(line);
  });

  it('never fills the last column', () => {
    for (let width = 2; width < 140; width++) expect(barLine(half, width).length).toBeLessThan(width);
  });

  it('counts where the total is not known', () => {
    expect(barLine({ ...half, total: 0, fraction: undefined, leftMs: undefined }, 80)).toBe(
      'train  15.4k tokens  205 tokens/s  loss 8.41  rate 3.0e-4',
    );
  });
});

describe('logLine', () => {
  it('is plain text', () => {
    expect(logLine(half)).toBe(
      'train: 50 %, 15.4k of 30.7k tokens, 205 tokens/s, loss 8.41, rate 3.0e-4, 1 min 15 s left',
    );
  });
});

describe('endLine', () => {
  it('says what was done in which time', () => {
    expect(endLine({ ...half, done: 30_720, elapsedMs: 150_000 })).toBe(
      'train: 30.7k tokens in 2 min 30 s, 205 tokens/s, loss 8.41, rate 3.0e-4',
    );
  });

  it('gives the rate of what was done now', () => {
    const resumed = { ...half, done: 30_720, doneBefore: 15_360, elapsedMs: 150_000, facts: {} };
    expect(endLine(resumed)).toBe('train: 30.7k tokens (15.4k of them before) in 2 min 30 s, 102 tokens/s');
  });

  it('says where a step stopped early', () => {
    expect(endLine({ ...half, facts: {} })).toBe(
      'train: stopped at 15.4k of 30.7k tokens after 1 min 15 s, 205 tokens/s',
    );
  });
});
