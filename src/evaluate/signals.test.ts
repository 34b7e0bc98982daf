import { describe, expect, it } from 'vitest';
import { meanSignals, signalsOf } from './signals.ts';

const bees = {
  id: 'x',
  question: { kind: 'continuations' as const, context: 'Bees make', choices: ['miel', 'café'], gold: 1 },
  requests: [
    { context: 'Bees make', continuation: ' miel' },
    { context: 'Bees make', continuation: ' café' },
  ],
};

describe('signalsOf', () => {
  it('counts the bits of the right answer for each byte that is scored', () => {
    // " café" is six bytes in UTF-8; 6 ln 2 nats are six bits.
    const signals = signalsOf(bees, [-5, -6 * Math.LN2]);
    expect(signals.bits_per_byte).toBeCloseTo(1, 12);
    expect(signals.margin).toBeCloseTo(5 - 6 * Math.LN2, 12);
  });

  it('takes the shared ending where the choices stand in the context', () => {
    const question = { kind: 'contexts' as const, contexts: ['Ann', 'Eve'], continuation: 'ran', gold: 1 };
    const requests = ['Ann', 'Eve'].map((context) => ({ context, continuation: ' ran' }));
    expect(signalsOf({ id: 'x', question, requests }, [-1, -8 * Math.LN2]).bits_per_byte).toBeCloseTo(2, 12);
  });

  it('is empty where several choices are true', () => {
    expect(signalsOf({ ...bees, question: { ...bees.question, labels: [1, 1] } }, [-1, -2])).toEqual({});
  });
});

describe('meanSignals', () => {
  it('averages with standard errors', () => {
    const items = [1, 3].map((value) => ({ scores: { acc: 1, margin: value, bits_per_byte: value / 2 } }));
    expect(meanSignals(items)).toEqual({
      ...{ margin: 2, margin_stderr: 1, bits_per_byte: 1, bits_per_byte_stderr: 0.5 },
    });
  });

  it('has nothing to say about items without signals', () => {
    expect(meanSignals([{ scores: { acc: 0.5 } }])).toEqual({});
  });
});
