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

/** Final validation losses of the runs that differ from `like` in their seeds only, its own first; one per training seed. */
export function validationOverSeeds(like: RunRecord, others: readonly RunRecord[]): number[] {
  const bySeed = new Map<number | null, number>();
  const sameDesign = others.filter(({ designHash }) => designHash === like.designHash);
  for (const { seeds, models } of [like, ...sameDesign]) {
    const loss = models['trained']?.validation?.lossNats;
    if (loss !== undefined && !bySeed.has(seeds.train)) bySeed.set(seeds.train, loss);
  }
  return [...bySeed.values()];
}

/** Validation where both sides have a curve, else training. */
function lossCurves({ training: base }: RunRecord, { training: head }: RunRecord): ComparisonFacts['curves'] {
  if (base === null || head === null) return undefined;
  return base.validation.length > 1 && head.validation.length > 1
    ? { kind: 'validation', base: base.validation, head: head.validation }
    : { kind: 'training', base: base.losses, head: head.losses };
}
