import type { Interval } from '../judge/paired-binary.ts';

/** Stands where there is no number, so that NaN is never printed. */
export const NO_VALUE = '–';

const MINUS = '\u2212';

/** A fraction as percent with two decimals, without the sign: 0.469 is "46.90". */
export function percent(fraction: number | undefined): string {
  return fraction === undefined ? NO_VALUE : fixed(100 * fraction, 2);
}

/** "46.90 ± 0.93"; without the error where there is none (one document). */
export function percentWithError(fraction: number, standardError: number | 'N/A' | undefined): string {
  const hasError = typeof standardError === 'number' && Number.isFinite(standardError);
  return hasError ? `${percent(fraction)} ± ${percent(standardError)}` : percent(fraction);
}

/** A difference of fractions in percentage points, always with its sign: "+2.80", "−0.31", "0.00". */
export function signedPoints(fraction: number): string {
  return signed(100 * fraction, 2);
}

/** "+2.80 [+1.20, +4.40]", in percentage points. */
export function pointsWithInterval(fraction: number, { lower, upper }: Interval): string {
  return `${signedPoints(fraction)} [${signedPoints(lower)}, ${signedPoints(upper)}]`;
}

/** A number with its sign, in its own unit. */
export function signed(value: number, digits: number): string {
  const text = fixed(value, digits);
  return value > 0 && /[1-9∞]/.test(text) ? `+${text}` : text;
}

/** A number with a fixed number of decimals, a true minus, and no negative zero. */
export function fixed(value: number, digits: number): string {
  if (Number.isNaN(value)) return NO_VALUE;
  if (!Number.isFinite(value)) return value > 0 ? '∞' : `${MINUS}∞`;
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && /[1-9]/.test(text) ? `${MINUS}${text}` : text;
}

/** A whole number with thousands separated: "1,815,638,400". */
export function count(value: number): string {
  return Number.isFinite(value) ? thousands(fixed(Math.round(value), 0)) : NO_VALUE;
}

/** A perplexity: two decimals, or three digits and a power of ten from a million on (an untrained model has e^23). */
export function perplexity(value: number): string {
  if (!Number.isFinite(value) || value < 1e6) return thousands(fixed(value, 2));
  const [digits = '', exponent = ''] = value.toExponential(2).split('e+');
  return `${digits} × 10^${exponent}`;
}

/** A p-value: four decimals, or "< 0.0001". */
export function pValue(p: number): string {
  return p < 0.0001 ? '< 0.0001' : fixed(p, 4);
}

/** Seconds for people: "0.4 s", "42 s", "3 min 05 s", "1 h 02 min". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return NO_VALUE;
  if (seconds < 9.95) return `${fixed(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${two(whole % 60)} s`;
  const rounded = Math.round(seconds / 60);
  return `${count(Math.floor(rounded / 60))} h ${two(rounded % 60)} min`;
}

/** A confidence as text: 0.95 is "95 %". */
export function confidenceText(confidence: number): string {
  return `${Number((100 * confidence).toFixed(4))} %`;
}

/** Commas between the thousands of a number that is already text. */
function thousands(text: string): string {
  return text.replace(/\d+/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ','));
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
