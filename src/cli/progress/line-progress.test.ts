import { describe, expect, it } from 'vitest';
import { lineProgress } from './line-progress.ts';

function captured() {
  let nowMs = 50_000;
  const text: string[] = [];
  const progress = lineProgress({ stream: { write: (line: string) => text.push(line) }, now: () => nowMs });
  return {
    progress,
    wait: (durationMs: number) => (nowMs += durationMs),
    lines: () => text.join('').split('\n').slice(0, -1),
  };
}

describe('lineProgress', () => {
  it('writes start, tenths and end of a slow step', () => {
    const { progress, wait, lines } = captured();
    const step = progress.start('train', 40 * 512, 'tokens');
    for (let at = 0; at < 40; at++) {
      wait(2_000);
      step.advance(512, { loss: (9 - at / 40).toFixed(2) });
    }
    step.end();
    expect(lines()).toEqual([
      'train: started',
      'train: 10 %, 2.05k of 20.5k tokens, 256 tokens/s, loss 8.93, 1 min 12 s left',
      'train: 20 %, 4.1k of 20.5k tokens, 256 tokens/s, loss 8.82, 1 min 04 s left',
      'train: 30 %, 6.14k of 20.5k tokens, 256 tokens/s, loss 8.72, 56 s left',
      'train: 40 %, 8.19k of 20.5k tokens, 256 tokens/s, loss 8.63, 48 s left',
      'train: 50 %, 10.2k of 20.5k tokens, 256 tokens/s, loss 8.53, 40 s left',
      'train: 60 %, 12.3k of 20.5k tokens, 256 tokens/s, loss 8.43, 32 s left',
      'train: 70 %, 14.3k of 20.5k tokens, 256 tokens/s, loss 8.32, 24 s left',
      'train: 80 %, 16.4k of 20.5k tokens, 256 tokens/s, loss 8.22, 16 s left',
      'train: 90 %, 18.4k of 20.5k tokens, 256 tokens/s, loss 8.13, 8 s left',
      'train: 20.5k tokens in 1 min 20 s, 256 tokens/s, loss 8.03',
    ]);
  });

  it('counts what an interrupted run has done, but not into the rate', () => {
    const { progress, wait, lines } = captured();
    const step = progress.start('train', 40 * 512, 'tokens', 36 * 512);
    for (let at = 0; at < 3; at++) {
      wait(12_000);
      step.advance(512);
    }
    expect(lines()[1]).toBe('train: 92 %, 18.9k of 20.5k tokens, 42.7 tokens/s, 36 s left');
  });

  it('gives a sign of life every ten seconds of a very slow step', () => {
    const { progress, wait, lines } = captured();
    const step = progress.start('train', 1_000_000, 'tokens');
    for (let at = 0; at < 30; at++) {
      wait(1_000);
      step.advance(100);
    }
    expect(lines()).toHaveLength(1 + 3);
  });

  it('writes two lines for a fast step', () => {
    const { progress, wait, lines } = captured();
    const step = progress.start('write', 100, 'tensors');
    for (let at = 0; at < 100; at++) {
      wait(5);
      step.advance(1);
    }
    step.end();
    expect(lines()).toEqual(['write: started', 'write: 100 tensors in 0.5 s']);
  });

  it('has no control characters', () => {
    const { progress, wait, lines } = captured();
    const step = progress.start('train', 10, 'steps');
    wait(20_000);
    step.advance(1, { loss: '3.21' });
    progress.note('a note');
    step.end();
    // eslint-disable-next-line no-control-regex
    expect(lines().join('')).not.toMatch(/[\u0000-\u001f\u007f]/);
    expect(lines()[2]).toBe('a note');
  });

  it('ends a step once', () => {
    const { progress, lines } = captured();
    const step = progress.start('x', 1, 'items');
    step.advance(1);
    step.end();
    step.end();
    expect(lines()).toEqual(['x: started', 'x: 1 item in 0 s']);
  });
});
