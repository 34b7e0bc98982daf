import {
  humanAmount,
  humanCount,
  humanDuration,
  humanRate,
  humanShare,
  humanTimeLeft,
} from './human-numbers.ts';
import type { StepReading } from './step-meter.ts';

/** Bar lengths to choose from: few, so that a digit more behind the bar does not make it jump. */
const BAR_LENGTHS = [30, 20, 10] as const;

const GAP = '  ';

/** One line of at most `width - 1` columns: label, bar, percentage, rate, facts, time left; what does not fit is left out. */
export function barLine(step: StepReading, width: number): string {
  // The last column stays free: filling it makes some terminals wrap.
  const room = Math.max(1, width - 1);
  const facts = factTexts(step);
  const choices = [
    ...facts.map((_, dropped) => [rateText(step), ...facts.slice(0, facts.length - dropped), leftText(step)]),
    [rateText(step), leftText(step)],
    [leftText(step)],
    [],
  ];
  for (const behind of choices) {
    for (const length of BAR_LENGTHS) {
      const line = joined([step.label, barText(step, length), percentText(step), ...behind]);
      if (line.length <= room) return line;
    }
  }
  const line = joined([step.label, percentText(step)]);
  return line.length <= room ? line : `${step.label.slice(0, room - 1)}…`;
}

/** The line that stays when a step is over. */
export function endLine(step: StepReading): string {
  const complete = step.total <= 0 || step.done >= step.total;
  const amount = complete
    ? `${humanAmount(step.done, step.unit)}${beforeText(step)} in`
    : `stopped at ${humanShare(step.done, step.total, step.unit)} after`;
  const rate = step.elapsedMs >= 1000 && step.done > step.doneBefore ? perSecond(step) : '';
  const details = [rate, ...factTexts(step)].filter((text) => text !== '');
  return [`${step.label}: ${amount} ${humanDuration(step.elapsedMs)}`, ...details].join(', ');
}

/** A line of a log while the step is under way. */
export function logLine(step: StepReading): string {
  const amount =
    step.total > 0 ? humanShare(step.done, step.total, step.unit) : humanAmount(step.done, step.unit);
  const details = [amount, rateText(step), ...factTexts(step), leftText(step)].filter((text) => text !== '');
  return `${step.label}: ${[percentText(step).trim(), ...details].filter((text) => text !== '').join(', ')}`;
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(GAP);
}

function barText(step: StepReading, length: number): string {
  if (step.fraction === undefined) return humanAmount(step.done, step.unit);
  const filled = Math.floor(step.fraction * length);
  return '━'.repeat(filled) + '─'.repeat(length - filled);
}

function percentText(step: StepReading): string {
  return step.fraction === undefined ? '' : `${String(Math.floor(step.fraction * 100)).padStart(3)} %`;
}

function rateText(step: StepReading): string {
  return step.unitsPerSecond === undefined ? '' : humanRate(step.unitsPerSecond, step.unit);
}

function leftText(step: StepReading): string {
  return step.leftMs === undefined ? '' : humanTimeLeft(step.leftMs);
}

/** The rate behind it is not that of all units. */
function beforeText({ doneBefore }: StepReading): string {
  return doneBefore > 0 ? ` (${humanCount(doneBefore)} of them before)` : '';
}

function perSecond(step: StepReading): string {
  return humanRate(((step.done - step.doneBefore) / step.elapsedMs) * 1000, step.unit);
}

function factTexts(step: StepReading): string[] {
  return Object.entries(step.facts).map(([name, value]) => `${name} ${value}`);
}
