const PREFIXES = ['', 'k', 'M', 'B', 'T'] as const;

/** Three significant digits with a prefix: 950, 12.3k, 1.82M, 1B (billion, as in "1B tokens"). */
export function humanCount(count: number): string {
  const { digits, prefix } = scaled(count);
  return `${Number(digits)}${prefix}`;
}

/** `12.3k tokens/s`, `2.30 items/s`: always three digits, so that a changing rate keeps its width. */
export function humanRate(unitsPerSecond: number, unit: string): string {
  const { digits, prefix } = isSize(unit)
    ? { digits: unitsPerSecond.toPrecision(3), prefix: '' }
    : scaled(unitsPerSecond);
  return `${digits.includes('e') ? Number(digits) : digits}${prefix} ${unit}/s`;
}

/** `12.3k tokens`; units that are sizes already (MB, GiB) take no second prefix: `1230 MB`. */
export function humanAmount(count: number, unit: string): string {
  if (isSize(unit)) return `${Number(count.toPrecision(4))} ${unit}`;
  return `${humanCount(count)} ${count === 1 ? unit.replace(/s$/, '') : unit}`;
}

/** `12.3k of 512k tokens` */
export function humanShare(done: number, total: number, unit: string): string {
  const first = isSize(unit) ? String(Number(done.toPrecision(4))) : humanCount(done);
  return `${first} of ${humanAmount(total, unit)}`;
}

/** `0.4 s`, `34 s`, `2 min 05 s`, `1 h 02 min`, `2 d 03 h` */
export function humanDuration(durationMs: number): string {
  if (durationMs < 9_950) return `${Number((Math.max(0, durationMs) / 1000).toFixed(1))} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return pair(seconds, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return pair(minutes, 60, 'h', 'min');
  return pair(Math.round(minutes / 60), 24, 'd', 'h');
}

/** Time left, in whole seconds: a tenth of a second would pretend to know. */
export function humanTimeLeft(durationMs: number): string {
  return `${humanDuration(Math.ceil(durationMs / 1000) * 1000)} left`;
}

function pair(count: number, base: number, large: string, small: string): string {
  return `${Math.floor(count / base)} ${large} ${String(count % base).padStart(2, '0')} ${small}`;
}

function scaled(count: number): { digits: string; prefix: string } {
  let value = Number(count.toPrecision(3));
  let at = 0;
  while (Math.abs(value) >= 1000 && at < PREFIXES.length - 1) {
    value /= 1000;
    at += 1;
  }
  return { digits: value.toPrecision(3), prefix: PREFIXES[at]! };
}

function isSize(unit: string): boolean {
  return /^[kKMGT]i?B$/.test(unit);
}
