import { TrainingCost } from './training-cost.ts';
import type { PlannedShape } from './training-cost.ts';

/** A change to a recipe's train section that makes it need less memory. */
export interface PlanChange {
  /** The fields to set, as `--set` takes them. */
  readonly set: Readonly<Record<string, string | number>>;
  readonly cost: TrainingCost;
}

/**
 * Smaller variants of a step, the least costly change first. Recomputing attention or blocks gives the same numbers for more
 * arithmetic; smaller micro-batches, more of them, give the same numbers at a lower utilisation; bfloat16 changes
 * the numbers and comes last. Each is traced when it is asked for, once.
 */
export function changesOf(shape: PlannedShape): Iterable<PlanChange> {
  const traced: PlanChange[] = [];
  const rest = smallerVariants(shape);
  return {
    *[Symbol.iterator]() {
      for (let i = 0; ; i++) {
        const next = traced[i] ?? rest.next().value;
        if (next === undefined) return;
        traced[i] = next;
        yield next;
      }
    },
  };
}

function* smallerVariants(shape: PlannedShape): Generator<PlanChange, undefined> {
  for (const precision of new Set([shape.precision, 'bfloat16'] as const)) {
    for (const microBatch of halvings(shape.microBatch)) {
      for (const recompute of ['none', 'attention', 'block'] as const) {
        const accumulate = Math.ceil((shape.accumulate * shape.microBatch) / microBatch);
        const changed: PlannedShape = { ...shape, precision, microBatch, accumulate, recompute };
        if (RECOMPUTES.indexOf(recompute) < RECOMPUTES.indexOf(shape.recompute)) continue;
        const set = differences(shape, changed);
        if (Object.keys(set).length > 0) yield { set, cost: new TrainingCost(changed) };
      }
    }
  }
  return undefined;
}

const RECOMPUTES = ['none', 'attention', 'block'];

function halvings(from: number): number[] {
  const sizes = [];
  for (let size = from; size > 1; size = Math.ceil(size / 2)) sizes.push(size);
  return [...sizes, 1];
}

function differences(from: PlannedShape, to: PlannedShape): Record<string, string | number> {
  const fields = ['precision', 'microBatch', 'accumulate', 'recompute'] as const;
  return Object.fromEntries(
    fields.filter((name) => from[name] !== to[name]).map((name) => [`train.${name}`, to[name]]),
  );
}
