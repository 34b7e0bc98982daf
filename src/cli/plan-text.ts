import { markdownTable } from 'markdown-table';
import type { DevicePlan, TrainingPlan } from '../run/plan-training.ts';

/** A plan for a terminal. */
export function renderPlan(plan: TrainingPlan): string {
  const { variableBytes, activationBytes, utilisation } = plan;
  const steps = plan.steps === undefined ? 'as many as the epochs of the data make' : count(plan.steps);
  const total = plan.steps === undefined ? '' : ` (${count(plan.steps * plan.tokensPerStep)} tokens)`;
  return [
    `${plan.name}: ${plan.blocks} blocks, ${count(plan.parameters)} parameters, ${plan.precision}`,
    `optimizer steps: ${steps}${total}, ${count(plan.tokensPerStep)} tokens each`,
    `matrix products: ${(plan.flopPerToken / 1e9).toFixed(2)} GFLOP a token, forward and backward`,
    `memory: ${gigabytes(variableBytes)} in weights, gradients and moments + ${gigabytes(activationBytes)} in values of a micro-batch`,
    `traced in ${plan.traceSeconds.toFixed(1)} s`,
    '',
    markdownTable([['device', 'memory', 'fits', 'hours', 'jobs of a day'], ...plan.devices.map(row)], {
      align: ['l', 'r', 'l', 'r', 'r'],
    }),
    '',
    `Hours are arithmetic at ${100 * utilisation.high} % and ${100 * utilisation.low} % of the device's peak rate, not a measurement.`,
  ].join('\n');
}

function row({ device, memoryBytes, fits, hours: [fast, slow], dayJobs }: DevicePlan): string[] {
  const known = Number.isFinite(slow);
  return [
    ...[device, gigabytes(memoryBytes), fits ? 'yes' : 'no'],
    known ? `${fast.toFixed(1)} – ${slow.toFixed(1)}` : '–',
    known ? String(dayJobs) : '–',
  ];
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
