import type { DeviceRate, Utilisation } from './device-rates.ts';
import { jobsFor } from './job-limits.ts';
import type { JobNeed } from './job-limits.ts';
import { paperClaim } from './paper-claim.ts';
import type { PaperClaim } from './paper-claim.ts';
import type { PlanChange } from './plan-changes.ts';
import type { TrainingCost } from './training-cost.ts';

export interface DevicePlan {
  readonly device: string;
  readonly source: string;
  /** FLOP/s at the plan's precision. */
  readonly peakFlopPerSecond: number;
  readonly utilisation: Utilisation;
  readonly memoryBytes: number;
  readonly memory: MemoryNeed;
  readonly fits: boolean;
  /** Where it does not fit: the first change with which it does, if one was found. */
  readonly change:
    { readonly set: Readonly<Record<string, string | number>>; readonly neededBytes: number } | undefined;
  /** At each utilisation; undefined where the number of steps is not known. */
  readonly hours: Utilisation | undefined;
  /** At the typical utilisation. */
  readonly jobs: JobNeed | undefined;
  readonly paperClaim: PaperClaim | undefined;
}

/** In bytes; they add up to `neededBytes`. */
export interface MemoryNeed {
  /** Weights, both moments, and gradients summed over micro-batches, in float32. */
  readonly variableBytes: number;
  /** Values alive at once during a micro-batch. */
  readonly valueBytes: number;
  /** Gaps that TensorFlow's allocator leaves between them. */
  readonly gapBytes: number;
  /** Driver, libraries and process. */
  readonly reservedBytes: number;
  readonly neededBytes: number;
}

/** What a training costs on one device; where it does not fit, smaller variants are traced until one does. */
export function planDevice(
  rate: DeviceRate,
  cost: TrainingCost,
  changes: Iterable<PlanChange>,
  size: { readonly parameters: number; readonly tokensPerStep: number; readonly steps: number | undefined },
): DevicePlan {
  const { shape } = cost;
  const memory = needOf(rate, cost);
  const fits = memory.neededBytes <= rate.memoryBytes;
  const { steps, parameters } = size;
  const flop = steps === undefined ? undefined : steps * cost.work().totalFlop;
  const peakFlopPerSecond = rate[shape.precision];
  const hours =
    flop === undefined
      ? undefined
      : mapped(rate.utilisation, (share) => flop / (peakFlopPerSecond * share) / 3600);
  return {
    ...{ device: rate.name, source: rate.source, peakFlopPerSecond, utilisation: rate.utilisation },
    ...{ memoryBytes: rate.memoryBytes, memory, fits, hours },
    change: fits ? undefined : firstFit(rate, cost, changes),
    jobs: hours === undefined ? undefined : jobsFor(hours.typical),
    paperClaim:
      flop === undefined || steps === undefined
        ? undefined
        : paperClaim(rate, {
            parameters,
            tokens: steps * size.tokensPerStep,
            flop: steps * cost.modelFlop(),
          }),
  };
}

function needOf({ kind, ...rate }: DeviceRate, cost: TrainingCost): MemoryNeed {
  const { variableBytes, peakBytes: valueBytes, poolBytes, constantBytes, processBytes } = cost.memory(kind);
  // The graph itself lies in the process, which on a GPU is another memory.
  const reservedBytes = rate.reservedBytes + (kind === 'cpu' ? processBytes : 0);
  const gapBytes = Math.max(0, poolBytes - variableBytes - valueBytes) + constantBytes;
  const neededBytes = variableBytes + valueBytes + gapBytes + reservedBytes;
  return { variableBytes, valueBytes, gapBytes, reservedBytes, neededBytes };
}

function firstFit(rate: DeviceRate, cost: TrainingCost, changes: Iterable<PlanChange>): DevicePlan['change'] {
  // No change makes the variables smaller.
  if (cost.memory(rate.kind).variableBytes + rate.reservedBytes > rate.memoryBytes) return undefined;
  for (const { set, cost: changed } of changes) {
    const { neededBytes } = needOf(rate, changed);
    if (neededBytes <= rate.memoryBytes) return { set, neededBytes };
  }
  return undefined;
}

function mapped({ low, typical, high }: Utilisation, of: (share: number) => number): Utilisation {
  return { low: of(low), typical: of(typical), high: of(high) };
}
