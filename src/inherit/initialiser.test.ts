import { describe, expect, it } from 'vitest';
import { initialValues } from './initialiser.ts';

const NORMAL = { kind: 'normal', std: 0.02 } as const;

describe('initialValues', () => {
  it('are normal: mean, deviation, skewness, kurtosis and tails of a million draws', () => {
    const values = initialValues('w', [1000, 1000], NORMAL, 1);
    const n = values.length;
    const moments = [1, 2, 3, 4].map((k) => values.reduce((sum, v) => sum + (v / 0.02) ** k, 0) / n);
    // Five standard errors of each moment of a standard normal.
    const errors = [1, Math.sqrt(2), Math.sqrt(15), Math.sqrt(96)].map((e) => (5 * e) / Math.sqrt(n));
    [0, 1, 0, 3].forEach((expected, k) => expect(Math.abs(moments[k]! - expected)).toBeLessThan(errors[k]!));
    const beyondTwo = values.filter((v) => Math.abs(v) > 0.04).length / n;
    expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(0.0011);
  });

  it('have no correlation between neighbours', () => {
    const values = initialValues('w', [1_000_000], { kind: 'normal', std: 1 }, 2);
    let sum = 0;
    for (let i = 1; i < values.length; i++) sum += values[i]! * values[i - 1]!;
    expect(Math.abs(sum / values.length)).toBeLessThan(5e-3);
  });

  it('depend on seed and name alone', () => {
    const draw = (name: string, seed: number): string => initialValues(name, [7], NORMAL, seed).join();
    expect(draw('a', 1)).toBe(draw('a', 1));
    expect(draw('a', 1)).not.toBe(draw('b', 1));
    expect(draw('a', 1)).not.toBe(draw('a', 2));
  });

  it('are the same on every machine', () => {
    expect([...initialValues('model.embed_tokens.weight', [3], NORMAL, 1337)]).toMatchInlineSnapshot(`
      [
        0.002111549722030759,
        0.028176864609122276,
        -0.020254522562026978,
      ]
    `);
  });

  it('leave the padding row at zero', () => {
    const values = initialValues('e', [3, 2], { ...NORMAL, zeroRow: 1 }, 1);
    expect([...values].map((v) => v === 0)).toEqual([false, false, true, true, false, false]);
  });

  it('are ones or zeros where that is asked for', () => {
    expect([...initialValues('n', [2], { kind: 'ones' }, 1)]).toEqual([1, 1]);
    expect([...initialValues('n', [2], { kind: 'zeros' }, 1)]).toEqual([0, 0]);
  });
});
