import { describe, expect, it } from 'vitest';
import {
  humanAmount,
  humanCount,
  humanDuration,
  humanRate,
  humanShare,
  humanTimeLeft,
} from './human-numbers.ts';

describe('humanCount', () => {
  it.each([
    [0, '0'],
    [0.3333, '0.333'],
    [7, '7'],
    [999, '999'],
    [999.7, '1k'],
    [12_345, '12.3k'],
    [512_000, '512k'],
    [999_949, '1M'],
    [1_815_638_400, '1.82B'],
    [2e15, '2000T'],
  ])('%s is %s', (count, text) => {
    expect(humanCount(count)).toBe(text);
  });
});

describe('humanRate', () => {
  it.each([
    [12_345, 'tokens', '12.3k tokens/s'],
    [2.3, 'items', '2.30 items/s'],
    [999.6, 'items', '1.00k items/s'],
    [0.0123, 'steps', '0.0123 steps/s'],
    [1234.5, 'MB', '1230 MB/s'],
  ])('%s %s is %s', (rate, unit, text) => {
    expect(humanRate(rate, unit)).toBe(text);
  });
});

describe('humanAmount', () => {
  it('gives sizes no second prefix', () => {
    expect([humanAmount(1234.56, 'MB'), humanAmount(1234.56, 'items'), humanShare(512, 2048, 'GiB')]).toEqual(
      ['1235 MB', '1.23k items', '512 of 2048 GiB'],
    );
  });
});

describe('humanDuration', () => {
  it.each([
    [-5, '0 s'],
    [449, '0.4 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [59_499, '59 s'],
    [59_500, '1 min 00 s'],
    [125_000, '2 min 05 s'],
    [3_599_600, '1 h 00 min'],
    [72_000_000, '20 h 00 min'],
    [146_160_000, '1 d 17 h'],
  ])('%s ms is %s', (durationMs, text) => {
    expect(humanDuration(durationMs)).toBe(text);
  });
});

describe('humanTimeLeft', () => {
  it.each([
    [100, '1 s left'],
    [1_001, '2 s left'],
    [61_000, '1 min 01 s left'],
  ])('%s ms is %s', (durationMs, text) => {
    expect(humanTimeLeft(durationMs)).toBe(text);
  });
});
