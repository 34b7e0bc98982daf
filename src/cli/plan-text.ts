import { markdownTable } from 'markdown-table';
import type { DevicePlan } from '../run/device-plan.ts';
import type { TrainingPlan } from '../run/plan-training.ts';

/** A plan for a terminal. */
export function renderPlan(plan: TrainingPlan): string {
  const { devices } = plan;
  const columns = [
    'device',
    'peak',
    'memory',
    'needs',
    'fits',
    'time',
    'range',
    'jobs of 24 h',
    'jobs of 5 days',
  ];
  const align = ['l', 'r', 'r', 'r', 'l', 'r', 'r', 'r', 'r'] as const;
  const notes = devices.flatMap(notesOn);
  return [
    `${plan.name}: ${plan.blocks} blocks, ${count(plan.parameters)} parameters, ${plan.precision}, recompute ${plan.recompute}`,
    `config: ${plan.configSource}`,
    `optimizer steps: ${lengthOf(plan)}`,
    flopLine(plan),
    ...memoryLines(devices),
    `traced in ${plan.traceSeconds.toFixed(1)} s; no weight was read and nothing was trained`,
    '',
    markdownTable([columns, ...devices.map(row)], { align: [...align] }),
    '',
    ...utilisationLines(devices),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ].join('\n');
}

function lengthOf({ steps, tokensPerStep }: TrainingPlan): string {
  if (steps === undefined)
    return `as many as the epochs of the data make, ${count(tokensPerStep)} tokens each; give data.subsetTokens or train.tokens for times`;
  return `${count(steps)} of ${count(tokensPerStep)} tokens, ${count(steps * tokensPerStep)} tokens in all`;
}

const KINDS: Readonly<Record<string, string>> = { MatMul: 'with weights', BatchMatMulV2: 'of attention' };

function flopLine({ flopPerToken, totalFlopPerToken, elementsPerToken }: TrainingPlan): string {
  const parts = Object.entries(flopPerToken).map(([op, flop]) => `${giga(flop)} ${KINDS[op] ?? op}`);
  return `FLOP a token, forward and backward: ${giga(totalFlopPerToken)} G in matrix products (${parts.join(', ')}); other operations go over ${(elementsPerToken / 1e6).toPrecision(3)} M elements`;
}

function memoryLines(devices: readonly DevicePlan[]): string[] {
  return (['GPU', 'CPU'] as const).flatMap((kind) => {
    const plan = devices.find(({ device }) => (device === 'this CPU') === (kind === 'CPU'));
    if (plan === undefined) return [];
    const { variableBytes, valueBytes, gapBytes, reservedBytes } = plan.memory;
    return `memory on a ${kind}: ${gigabytes(variableBytes)} weights, moments and gradient sums + ${gigabytes(valueBytes)} values at the peak of a micro-batch + ${gigabytes(gapBytes)} gaps of the allocator + ${gigabytes(reservedBytes)} driver and libraries`;
  });
}

function row(plan: DevicePlan): string[] {
  const { device, peakFlopPerSecond, memoryBytes, memory, fits, hours, jobs } = plan;
  return [
    ...[device, `${(peakFlopPerSecond / 1e12).toPrecision(4)} TFLOP/s`, gigabytes(memoryBytes)],
    ...[gigabytes(memory.neededBytes), fits ? 'yes' : 'no'],
    hours === undefined ? '–' : duration(hours.typical),
    hours === undefined ? '–' : `${duration(hours.high)} – ${duration(hours.low)}`,
    ...[jobs?.jobsOf24Hours ?? '–', jobs?.jobsOf5Days ?? '–'].map(String),
  ];
}

function utilisationLines(devices: readonly DevicePlan[]): string[] {
  const lines = devices.map(({ utilisation: { typical, low, high }, device }) => {
    const what = device === 'this CPU' ? 'of what a product of matrices reached here' : 'of the peak rate';
    return `Times are arithmetic at ${percent(typical)} ${what} (range: ${percent(high)} to ${percent(low)}), not a measurement of training.`;
  });
  return [...new Set(lines)];
}

function notesOn({ device, fits, change, jobs, hours, paperClaim, memory }: DevicePlan): string[] {
  const advice =
    change === undefined
      ? 'no smaller micro-batch, recomputation or precision makes it fit; take fewer blocks, a shorter sequenceLength or a larger device'
      : `it fits, at ${gigabytes(change.neededBytes)}, with ${Object.entries(change.set)
          .map(([field, value]) => `--set ${field}=${value}`)
          .join(' ')}`;
  const crossed =
    jobs === undefined || jobs.crossed.length === 0
      ? []
      : [
          `${device}: one job would cross ${list(jobs.crossed)}. In jobs that end before their token does it takes ${plural(jobs.jobsOf24Hours, 'job')}${jobs.jobsOf24Hours > 1 ? `, ${jobs.jobsOf24Hours - 1} of them resumed` : ''}; in jobs of up to 5 days, ${plural(jobs.jobsOf5Days, 'job')}.`,
        ];
  const claim =
    paperClaim === undefined || hours === undefined
      ? []
      : [
          `${device}: this training takes about ${nearestDays(hours.typical)}. The Inheritune paper (arXiv 2404.08634) says "less than half a day"; that would take ${percent(paperClaim.neededUtilisation)} of the card's peak bfloat16 rate, and is not possible.`,
        ];
  return [
    ...(fits ? [] : [`${device}: does not fit (${gigabytes(memory.neededBytes)}); ${advice}.`]),
    ...crossed,
    ...claim,
  ];
}

function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

function duration(hours: number): string {
  if (hours >= 48) return `${(hours / 24).toFixed(1)} days`;
  return hours >= 1 ? `${hours.toFixed(1)} h` : `${(hours * 60).toFixed(1)} min`;
}

const NUMBERS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six'];

function nearestDays(hours: number): string {
  const days = Math.max(1, Math.round(hours / 24));
  return `${NUMBERS[days] ?? days} day${days === 1 ? '' : 's'}`;
}

function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function giga(value: number): string {
  return (value / 1e9).toPrecision(3);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1)} GB`;
}
