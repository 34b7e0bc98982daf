import { SingleBar, type Options } from 'cli-progress';
import type { ClosableProgress } from './closable-progress.ts';
import { stepMeter, type StepMeter } from './step-meter.ts';
import { barLine, endLine } from './step-text.ts';

export interface TerminalProgressOptions {
  /** A terminal; `columns` is read at every redraw, so that resizing is followed. */
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** A clock in milliseconds. */
  readonly now: () => number;
}

const UPDATES_PER_SECOND = 10;

/**
 * Progress as one line that is redrawn in place, at most ten times a second. Of steps within steps the innermost is shown.
 * When a step is over, a line with its result stays; notes appear above the bar.
 */
export function terminalProgress({ stream, now }: TerminalProgressOptions): ClosableProgress {
  const running: StepMeter[] = [];
  let bar: SingleBar | undefined;

  const hide = () => {
    bar?.stop();
    bar = undefined;
  };
  const show = () => {
    const meter = running.at(-1);
    if (meter === undefined) return;
    bar = new UnobtrusiveBar({
      stream,
      format: (_options, params) => barLine(meter.read(), params.maxWidth),
      fps: UPDATES_PER_SECOND,
      clearOnComplete: true,
      // cli-progress would switch off the terminal's wrapping, and a crash would leave it so; the lines are cut to fit instead.
      linewrap: true,
    });
    bar.start(1, 0);
  };
  const printAbove = (line: string) => {
    hide();
    stream.write(`${line}\n`);
    show();
  };

  return {
    start(label, total, unit, doneBefore) {
      const meter = stepMeter(label, total, unit, now, doneBefore);
      hide();
      running.push(meter);
      show();
      return {
        advance(units, facts) {
          meter.advance(units, facts);
          if (running.at(-1) === meter) bar?.update(0);
        },
        end() {
          const at = running.indexOf(meter);
          if (at < 0) return;
          running.splice(at, 1);
          printAbove(endLine(meter.read()));
        },
      };
    },
    note: printAbove,
    close() {
      running.length = 0;
      hide();
    },
  };
}

/**
 * A bar that does as little to the terminal as it can: its redraw timer does not keep a finished or failed program alive,
 * and it does not jump back to a saved position, which is another line once something else (a library's log) has scrolled.
 */
class UnobtrusiveBar extends SingleBar {
  declare timer: NodeJS.Timeout | null;
  declare terminal: { cursorSave(): void; cursorRestore(): void };

  constructor(options: Options) {
    super(options);
    this.terminal.cursorSave = () => undefined;
    this.terminal.cursorRestore = () => undefined;
  }

  override render(): void {
    super.render();
    this.timer?.unref();
  }
}
