import type { Claim } from './claims.ts';
import { meanScore, shareOf } from './claim-estimate.ts';
import type { Estimate } from './claim-estimate.ts';
import { expandModel } from './compact-model.ts';
import type { RunRecord } from './run-record.ts';
import type { ClaimResult } from './ledger-entry.ts';

const CONFIDENCE = 0.95;

/** Share of the paper's tokens from which a run counts as the real thing: steps are whole, so it may fall a little short. */
const ENOUGH = 0.999;

/**
 * What one run says about one claim; undefined where it cannot address it at all (another reference for a claim about a
 * score, say). One verdict of three:
 * `equal`: reproduced where the whole interval lies within the tolerance, not reproduced where all of it lies outside.
 * `atLeast`: reproduced where all of it lies at or above the paper's number, not reproduced where all of it lies below.
 * @param others further runs, among which the same shape from random weights is looked for
 */
export function judgeClaim(
  claim: Claim,
  run: RunRecord,
  others: readonly RunRecord[],
): ClaimResult | undefined {
  const scaled = !isSetting(claim, run);
  if (scaled && !claim.scalable) return undefined;
  if (run.recipe['train'] !== undefined && initialisation(run) === 'random') return undefined;
  const estimate = measured(claim, run, others);
  if (estimate === undefined) return undefined;
  const shared = { claim: claim.id, paper: claim.paper, scaled };
  if (estimate.status === 'notMeasured') {
    return { ...shared, ours: null, verdict: 'cannotTell', reason: estimate.reason };
  }
  const { value, interval } = estimate;
  const ours = { value, lower: interval.lower, upper: interval.upper };
  return { ...shared, ours, verdict: verdictOf(claim, interval), reason: null };
}

function verdictOf(
  { paper, relation, tolerance }: Claim,
  { lower, upper }: { lower: number; upper: number },
): ClaimResult['verdict'] {
  const [least, most] = [paper - tolerance, relation === 'atLeast' ? Infinity : paper + tolerance];
  if (lower >= least && upper <= most) return 'reproduced';
  return upper < least || lower > most ? 'notReproduced' : 'cannotTell';
}

/** Whether the run is the paper's own: the same reference, as many blocks, as many tokens, nothing left out. */
function isSetting({ setting, measure }: Claim, run: RunRecord): boolean {
  const source = referenceName(run);
  if (!setting.reference.test(source)) return false;
  if (measure.kind === 'score' && measure.model === 'reference')
    return run.models['reference']?.limit === null;
  const blocks = run.inheritance?.blocks ?? [];
  const areFirst = blocks.length === setting.blocks && blocks.every((block, i) => block === i);
  const enough = (run.training?.tokens ?? 0) >= ENOUGH * setting.tokens;
  const whole = measure.kind === 'parameters' || run.models['trained']?.limit === null;
  return areFirst && enough && whole;
}

function measured(claim: Claim, run: RunRecord, others: readonly RunRecord[]): Estimate | undefined {
  const { measure } = claim;
  const model = (key: string) => {
    const found = run.models[key];
    return found === undefined ? undefined : expandModel(found, run.itemSets);
  };
  const [reference, trained] = [model('reference'), model('trained')];
  switch (measure.kind) {
    case 'score': {
      const result = measure.model === 'reference' ? reference : trained;
      return result === undefined ? undefined : meanScore(result, measure.tasks, CONFIDENCE);
    }
    case 'shareOfReference':
      if (reference === undefined || trained === undefined) return undefined;
      return shareOf(reference, trained, measure.tasks, CONFIDENCE);
    case 'parameters':
      return trained === undefined
        ? undefined
        : { status: 'measured', value: trained.parameters, interval: exactly(trained.parameters) };
    case 'leadOverRandom':
      return lead(run, others, measure.atMostSteps);
  }
}

/** The difference of two numbers that both were computed on the whole validation split; seeds are all that varies. */
function lead(run: RunRecord, others: readonly RunRecord[], atMostSteps: number): Estimate | undefined {
  const loss = run.models['trained']?.validation?.lossNats;
  const steps = run.training?.steps ?? Infinity;
  if (loss === undefined || steps > atMostSteps) return undefined;
  const twins = others.filter(
    (other) => initialisation(other) === 'random' && sameButInitialisation(run, other),
  );
  const losses = twins.flatMap(({ models }) => models['trained']?.validation?.lossNats ?? []);
  if (losses.length === 0)
    return { status: 'notMeasured', reason: 'there is no run of the same shape from random weights' };
  // Several random starts give a range; one gives a point.
  const differences = losses.map((other) => other - loss);
  const value = differences.reduce((sum, one) => sum + one, 0) / differences.length;
  return {
    status: 'measured',
    value,
    interval: { lower: Math.min(...differences), upper: Math.max(...differences) },
  };
}

function exactly(value: number): { lower: number; upper: number } {
  return { lower: value, upper: value };
}

function sameButInitialisation(one: RunRecord, other: RunRecord): boolean {
  const shape = ({ recipe, hashes }: RunRecord): string => {
    const { train, inherit, reference } = recipe as Record<string, Record<string, unknown> | undefined>;
    return JSON.stringify([
      reference,
      { ...inherit, seed: 0 },
      { ...train, initialise: '', seed: 0 },
      hashes.tokenStream,
    ]);
  };
  return shape(one) === shape(other);
}

function initialisation({ recipe }: RunRecord): unknown {
  const train = recipe['train'];
  return typeof train === 'object' && train !== null && 'initialise' in train ? train.initialise : undefined;
}

function referenceName({ recipe }: RunRecord): string {
  const reference = recipe['reference'];
  return typeof reference === 'object' && reference !== null && 'model' in reference
    ? String(reference.model)
    : '';
}
