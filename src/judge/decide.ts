import { itemsToDetect } from './detectable-effect.ts';
import type { Gates } from './gates.ts';
import type { Decision, Evidence } from './verdict.ts';

/**
 * The three-way decision. The order matters: a drop that is surely smaller than X is accepted even if it is surely there;
 * only then does significance after Holm make a regression; what is left is not known, which is not the same as good.
 */
export function decide(evidence: Evidence, gates: Gates): Decision {
  const accepted = gates.maximumDropPoints / 100;
  if (evidence.identical || evidence.lowerBound > -accepted) {
    return { state: 'noRegressionLargerThan', points: gates.maximumDropPoints };
  }
  if (evidence.difference < 0 && evidence.adjustedPValue <= 1 - gates.confidence)
    return { state: 'regression' };
  return {
    state: 'cannotTell',
    smallestDetectablePoints: 100 * evidence.smallestDetectable,
    itemsNeeded: itemsToDetect(accepted, evidence.items, evidence.smallestDetectable),
  };
}
