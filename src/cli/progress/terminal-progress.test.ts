import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgress } from './create-progress.ts';

/** A terminal that keeps what is written, and can say what a person would see. */
class CapturedTerminal extends Writable {
  readonly isTTY = true;
  columns = 100;
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }

  /** The lines on the screen: a carriage move to column 1 overwrites, `ESC[0K` and `ESC[2K` clear. */
  screen(): string[] {
    return this.text.split('\n').map((line) => {
      const last = line.split('\x1b[1G').at(-1) ?? '';
      return (last.split('\x1b[2K').at(-1) ?? '').replaceAll('\x1b[0K', '');
    });
  }

  redraws(): string[] {
    return this.text.split('\x1b[1G').filter((part) => part.includes('%'));
  }
}

beforeEach(() => vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => vi.useRealTimers());

function shown() {
  const stream = new CapturedTerminal();
  return { stream, progress: createProgress({ stream, isTty: true, now: () => Date.now() }) };
}

function trainFor(seconds: number, step: { advance(units: number, facts: Record<string, string>): void }) {
  for (let at = 0; at < seconds; at++) {
    vi.advanceTimersByTime(1000);
    step.advance(512, { loss: (9 - at / 10).toFixed(2) });
  }
  vi.advanceTimersByTime(150);
}

describe('terminalProgress', () => {
  it('keeps one line up to date', () => {
    const { stream, progress } = shown();
    trainFor(10, progress.start('train', 512 * 40, 'tokens'));
    expect(stream.screen()).toEqual([
      'train  ━━━━━━━───────────────────────   25 %  512 tokens/s  loss 8.10  30 s left',
    ]);
  });

  it('redraws at most ten times a second', () => {
    const { stream, progress } = shown();
    const step = progress.start('evaluate', 100_000, 'items');
    for (let at = 0; at < 5_000; at++) {
      vi.advanceTimersByTime(1);
      step.advance(1, { at: String(at) });
    }
    expect(stream.redraws().length).toBeGreaterThan(20);
    expect(stream.redraws().length).toBeLessThanOrEqual(51);
  });

  it('follows the width of the terminal', () => {
    const { stream, progress } = shown();
    const step = progress.start('train', 512 * 40, 'tokens');
    trainFor(5, step);
    stream.columns = 40;
    trainFor(5, step);
    expect(stream.screen()).toEqual(['train  ━━────────   25 %  30 s left']);
  });

  it('leaves a line with the result', () => {
    const { stream, progress } = shown();
    const step = progress.start('train', 512 * 10, 'tokens');
    trainFor(10, step);
    step.end();
    step.end();
    expect(stream.screen()).toEqual(['train: 5.12k tokens in 10 s, 504 tokens/s, loss 8.10', '']);
  });

  it('prints notes above the bar', () => {
    const { stream, progress } = shown();
    trainFor(10, progress.start('train', 512 * 40, 'tokens'));
    progress.note('checkpoint written');
    expect(stream.screen()).toEqual(['checkpoint written', expect.stringMatching(/^train {2}━.*25 %/)]);
  });

  it('shows the innermost of nested steps and returns to the outer one', () => {
    const { stream, progress } = shown();
    const outer = progress.start('train', 512 * 40, 'tokens');
    trainFor(10, outer);
    const inner = progress.start('write', 4, 'tensors');
    vi.advanceTimersByTime(200);
    inner.advance(2);
    vi.advanceTimersByTime(200);
    expect(stream.screen()).toEqual([expect.stringMatching(/^write .* 50 %/)]);
    inner.advance(2);
    inner.end();
    expect(stream.screen()).toEqual(['write: 4 tensors in 0.4 s', expect.stringMatching(/^train .*25 %/)]);
  });

  it('clears the line of an unfinished step when closed', () => {
    const { stream, progress } = shown();
    const step = progress.start('train', 512 * 10, 'tokens');
    trainFor(5, step);
    progress.close();
    trainFor(1, step);
    stream.write('Error: out of memory');
    expect(stream.screen()).toEqual(['Error: out of memory']);
  });

  it('leaves cursor, wrapping and colours of the terminal alone', () => {
    const { stream, progress } = shown();
    const step = progress.start('train', 512 * 10, 'tokens');
    trainFor(10, step);
    progress.note('note');
    step.end();
    const codes = new Set(stream.text.match(/\x1b[^A-Za-z78]*[A-Za-z78]/g)); // eslint-disable-line no-control-regex
    expect([...codes].sort()).toEqual(['\x1b[0K', '\x1b[1G', '\x1b[2K']);
  });
});

describe('createProgress', () => {
  it('writes plain lines where nobody watches', () => {
    const stream = new CapturedTerminal();
    const step = createProgress({ stream, isTty: false, now: () => Date.now() }).start('write', 1, 'tensors');
    step.advance(1);
    step.end();
    expect(stream.text).toBe('write: started\nwrite: 1 tensor in 0 s\n');
  });
});
