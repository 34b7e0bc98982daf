import type { ComparisonFacts } from '../report/comparison-facts.ts';
import { reuseText } from '../report/reuse-text.ts';
import type { RunRecord } from './run-record.ts';
import { firstStageThatDiffers } from './stage-difference.ts';

/** What the records of two runs say beside their scores. */
export function factsOfRecords(base: RunRecord, head: RunRecord): ComparisonFacts {
  const curves = lossCurves(base, head);
  const ran = Object.keys(head.stageInputs).filter((name) => !head.reusedStages.includes(name));
  return {
    ...(curves === undefined ? {} : { curves }),
    cost: { base: base.cost, head: head.cost },
    reuse: reuseText(head.reusedStages, ran),
    firstDifference: firstStageThatDiffers(base, head) ?? null,
  };
}

/** A run, and those of the others that differ from it in their seeds only; one for each training seed. */
export function runsOverSeeds<T extends RunRecord>(like: T, others: readonly T[]): [T, ...T[]] {
  const bySeed = new Map([[like.seeds.train, like]]);
  for (const other of others)
    if (other.designHash === like.designHash && !bySeed.has(other.seeds.train))
      bySeed.set(other.seeds.train, other);
  return [...bySeed.values()] as [T, ...T[]];
}

/** Final validation losses over the seeds, the run's own first. */
export function validationOverSeeds(like: RunRecord, others: readonly RunRecord[]): number[] {
  return runsOverSeeds(like, others).flatMap(({ models }) => models['trained']?.validation?.lossNats ?? []);
}

/** Validation where both sides have a curve, else training. */
function lossCurves({ training: base }: RunRecord, { training: head }: RunRecord): ComparisonFacts['curves'] {
  if (base === null || head === null) return undefined;
  return base.validation.length > 1 && head.validation.length > 1
    ? { kind: 'validation', base: base.validation, head: head.validation }
    : { kind: 'training', base: base.losses, head: head.losses };
}
