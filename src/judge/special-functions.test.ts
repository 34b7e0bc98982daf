import { describe, expect, it } from 'vitest';
import reference from '../../test/fixtures/judge/functions.json' with { type: 'json' };
import { incompleteBeta, logGamma, normalQuantile, studentQuantile } from './special-functions.ts';

const near = (actual: number, wanted: number, tolerance: number): void =>
  expect(Math.abs(actual - wanted)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(wanted)));

describe('special functions agree with scipy', () => {
  it.each(reference.logGamma)('logGamma(%d)', (x, wanted) => near(logGamma(x!), wanted!, 1e-13));

  it.each(reference.incompleteBeta)('incompleteBeta(%d, %d, %d)', (x, a, b, wanted) =>
    near(incompleteBeta(x!, a!, b!), wanted!, 1e-12),
  );

  it.each(reference.normalQuantile)('normalQuantile(%d)', (p, wanted) =>
    near(normalQuantile(p!), wanted!, 1e-9),
  );

  it.each(reference.studentQuantile)('studentQuantile(%d, %d)', (p, degrees, wanted) =>
    near(studentQuantile(p!, degrees!), wanted!, 1e-9),
  );
});
