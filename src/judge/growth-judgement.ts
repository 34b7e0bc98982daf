import { completeGates } from './gates.ts';
import type { Gates } from './gates.ts';
import { blocksAtParity } from './growth-result.ts';
import type { GrownModel, GrowthResult } from './growth-result.ts';
import { holmAdjust } from './holm.ts';
import { decideLoss, environmentDifferences } from './judgement.ts';
import type { Difference } from './judgement.ts';
import { rankSumTest } from './rank-sum.ts';
import { compareValidation } from './validation-comparison.ts';
import type { ValidationComparison } from './validation-comparison.ts';
import type { ValidationVerdict } from './verdict.ts';

/** A growing run, and where it was made. */
export interface GrownRun {
  readonly growth: GrowthResult;
  readonly environment: Readonly<Record<string, string | number>>;
}

/** On each side the run itself first, then runs that differ from it in their seeds only. */
export interface GrowthSides {
  readonly base: readonly [GrownRun, ...GrownRun[]];
  readonly head: readonly [GrownRun, ...GrownRun[]];
}

/** One model, on the sides that have it. */
export interface GrowthRow {
  readonly base: GrownModel | undefined;
  readonly head: GrownModel | undefined;
  readonly verdict:
    | { readonly state: 'identical' }
    /** A baseline, or a model that one side has alone. */
    | { readonly state: 'notJudged' }
    | { readonly state: 'judged'; readonly loss: ValidationVerdict };
}

/** Blocks that parity took; undefined where no round reached it. */
export interface ParityVerdict {
  readonly base: number | undefined;
  readonly head: number | undefined;
  readonly state:
    | 'identical'
    /** No seed of head needs more than any seed of base. */
    | 'notMore'
    | 'regression'
    | 'cannotTell'
    /** One seed on each side, or nothing that could be compared. */
    | 'unknown';
  /** Two-sided, after Holm's correction; undefined where it was not tested. */
  readonly adjustedPValue: number | undefined;
}

export interface GrowthJudgement {
  readonly gates: Gates;
  readonly overall: 'regression' | 'noRegression' | 'cannotTell' | 'incomparable';
  /** Why the two cannot be compared. */
  readonly differences: readonly Difference[];
  readonly seeds: { readonly base: number; readonly head: number };
  readonly parity: ParityVerdict;
  readonly rows: readonly GrowthRow[];
}

/**
 * Judges a growing run against its baseline: the blocks that parity took by the rank-sum test over the seeds, and the validation loss
 * of the reference and of each target at equal depth by Student's t against the seeds' spread; one family under Holm's correction.
 * With one seed on each side nothing but equality can be told. Baselines are there to be beaten, and are not judged.
 */
export function judgeGrowth(
  { base, head }: GrowthSides,
  given: Parameters<typeof completeGates>[0],
): GrowthJudgement {
  const gates = completeGates(given);
  const seeds = { base: base.length, head: head.length };
  const differences = [
    ...environmentDifferences(base[0], head[0], gates.sameEnvironment),
    ...splitDifferences(base[0].growth, head[0].growth),
  ];
  const pairs = pairedModels(base[0].growth, head[0].growth);
  const isSame = pairs.every((pair) => isIdentical(pair) || roleOf(pair) === 'baseline');
  const judged = differences.length > 0 ? [] : pairs.filter(isJudged);
  const losses = judged.map(({ name }) =>
    compareValidation(
      { base: lossesOf(base, name), head: lossesOf(head, name) },
      gates.confidence,
      judged.length + 1,
    ),
  );
  const compared = losses.filter((loss) => loss.status === 'compared');
  const ranks =
    differences.length > 0 || isSame || seeds.base + seeds.head < 3
      ? undefined
      : rankSumTest(base.map(blocksOf), head.map(blocksOf));
  const adjusted = holmAdjust([
    ...compared.map(({ pValue }) => pValue),
    ...(ranks === undefined ? [] : [ranks.pValue]),
  ]);
  const adjustedOf = (loss: ValidationComparison): number =>
    loss.status === 'compared' ? adjusted[compared.indexOf(loss)]! : 1;
  const rows = pairs.map((pair): GrowthRow => {
    const loss = losses[judged.indexOf(pair)];
    return {
      ...{ base: pair.base, head: pair.head },
      verdict:
        loss === undefined
          ? { state: isIdentical(pair) ? 'identical' : 'notJudged' }
          : { state: 'judged', loss: decideLoss(loss, adjustedOf(loss), gates) },
    };
  });
  const shift = ranks && { ...ranks, adjustedPValue: adjusted.at(-1)! };
  const parity: ParityVerdict = {
    ...{ base: blocksAtParity(base[0].growth), head: blocksAtParity(head[0].growth) },
    state: isSame ? 'identical' : parityState(base.map(blocksOf), head.map(blocksOf), shift, gates),
    adjustedPValue: shift?.adjustedPValue,
  };
  const overall = differences.length > 0 ? 'incomparable' : overallOf(rows, parity);
  return { gates, overall, differences, seeds, parity, rows };
}

interface Pair extends Pick<GrowthRow, 'base' | 'head'> {
  readonly name: string;
}

/** By name: the reference, the targets of both sides by depth, the baselines. */
function pairedModels(base: GrowthResult, head: GrowthResult): Pair[] {
  const roles = ['reference', 'target', 'baseline'];
  const place = ({ role, blocks }: GrownModel): number =>
    roles.indexOf(role) * 1e6 + (role === 'target' ? blocks : 0);
  const all = [...base.models, ...head.models].sort((a, b) => place(a) - place(b));
  return [...new Set(all.map(({ name }) => name))].map((name) => ({
    name,
    base: base.models.find((model) => model.name === name),
    head: head.models.find((model) => model.name === name),
  }));
}

function roleOf({ base, head }: Pick<GrowthRow, 'base' | 'head'>): GrownModel['role'] | undefined {
  return (base ?? head)?.role;
}

function isIdentical({ base, head }: Pair): boolean {
  return base !== undefined && base.weights === head?.weights && base.lossNats === head.lossNats;
}

function isJudged(pair: Pair): boolean {
  const isOnBothSides = pair.base !== undefined && pair.head !== undefined;
  return isOnBothSides && roleOf(pair) !== 'baseline' && !isIdentical(pair);
}

function lossesOf(runs: readonly GrownRun[], name: string): number[] {
  return runs.flatMap(({ growth }) => growth.models.find((model) => model.name === name)?.lossNats ?? []);
}

/** A run without parity needs more blocks than any that was tried. */
function blocksOf({ growth }: GrownRun): number {
  return blocksAtParity(growth) ?? Infinity;
}

function splitDifferences(base: GrowthResult, head: GrowthResult): Difference[] {
  const fields = [
    ['validation tokens', String(base.validationTokens), String(head.validationTokens)],
    ['validation split', base.validationHash ?? 'not recorded', head.validationHash ?? 'not recorded'],
  ] as const;
  return fields.flatMap(([field, left, right]) =>
    left === right ? [] : [{ field, base: left, head: right }],
  );
}

function parityState(
  base: readonly number[],
  head: readonly number[],
  test: { readonly shift: number; readonly adjustedPValue: number } | undefined,
  { confidence }: Gates,
): ParityVerdict['state'] {
  if (test === undefined) return 'unknown';
  if (Math.max(...head) <= Math.min(...base)) return 'notMore';
  return test.shift > 0 && test.adjustedPValue <= 1 - confidence ? 'regression' : 'cannotTell';
}

/** Of models that both sides have: a depth that one side has alone is what the blocks at parity are about. */
function overallOf(rows: readonly GrowthRow[], parity: ParityVerdict): GrowthJudgement['overall'] {
  const models = rows.filter((row) => row.base && row.head && roleOf(row) !== 'baseline');
  const states = models.map(({ verdict }) => {
    if (verdict.state !== 'judged') return verdict.state;
    return verdict.loss.status === 'compared' ? verdict.loss.decision.state : 'unknown';
  });
  if (parity.state === 'regression' || states.includes('regression')) return 'regression';
  const isFine = states.every((state) => state === 'identical' || state === 'noRegressionLargerThan');
  const isNoDeeper = parity.state === 'identical' || parity.state === 'notMore';
  const hasTarget = models.some((row) => roleOf(row) === 'target');
  return isFine && isNoDeeper && hasTarget ? 'noRegression' : 'cannotTell';
}
