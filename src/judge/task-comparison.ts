import type { ComparisonUnit, ScoredUnit, UnitSide } from './comparison-unit.ts';
import { MARGIN, unitSide } from './comparison-unit.ts';
import type { JudgedItem, JudgedResult } from './judged-result.ts';
import { headlineMetric } from './headline-metric.ts';
import { comparePaired } from './paired-comparison.ts';
import type { PairedComparison, PairedOptions } from './paired-comparison.ts';

/** What two results say about one unit before any gate is applied. */
export type TaskComparison =
  | ComparedTask
  | {
      readonly status: 'incomparable';
      readonly task: string;
      /** What differs: `item set`, `n`, `metric set`, `task version`, `few-shot examples` or `scores`. */
      readonly field: string;
      readonly base: string;
      readonly head: string;
    }
  | { readonly status: 'missing'; readonly task: string; readonly reason: string }
  | { readonly status: 'noBaseline'; readonly task: string; readonly reason: string };

export interface ComparedTask {
  readonly status: 'compared';
  readonly task: string;
  readonly metric: string;
  readonly comparison: PairedComparison;
  /** Log-likelihood margins of the right choice (nats), where the task has one right choice per item. */
  readonly margin: Omit<PairedComparison, 'pValue'> | undefined;
  /** Every log-likelihood is the same to the last bit: both sides ran the same model. */
  readonly identical: boolean;
}

type ItemPair = readonly [JudgedItem, JudgedItem];

/** Pairs one unit of two results by item id and compares its headline metric. */
export function compareTask(
  unit: ComparisonUnit,
  base: JudgedResult,
  head: JudgedResult,
  options: PairedOptions,
): TaskComparison {
  const task = unit.name;
  const [baseSide, headSide] = [unitSide(base, unit), unitSide(head, unit)];
  if (baseSide.status !== 'scored') {
    return { status: 'noBaseline', task, reason: whyNot('base', baseSide) };
  }
  if (headSide.status !== 'scored') return { status: 'missing', task, reason: whyNot('head', headSide) };
  return compareScored(task, baseSide.unit, headSide.unit, options);
}

function compareScored(
  task: string,
  base: ScoredUnit,
  head: ScoredUnit,
  options: PairedOptions,
): TaskComparison {
  for (const [field, value] of Object.entries(base.identity)) {
    const other = head.identity[field] ?? 'absent';
    if (value !== other) return { status: 'incomparable', task, field, base: value, head: other };
  }
  const metric = headlineMetric(task, Object.keys(base.items[0]?.scores ?? {}));
  const pairs = pairById(base, head);
  if (metric === undefined || pairs === undefined) {
    return {
      status: 'incomparable',
      task,
      field: 'item set',
      base: 'other item ids',
      head: 'other item ids',
    };
  }
  const scores = pairs.map((pair) => scoresOf(pair, metric));
  if (!scores.every(isFinitePair)) {
    const brokenIn = (side: 0 | 1): string =>
      `${scores.filter((pair) => !Number.isFinite(pair[side])).length} items without a finite ${metric}`;
    return { status: 'incomparable', task, field: 'scores', base: brokenIn(0), head: brokenIn(1) };
  }
  const margins = pairs.map((pair) => scoresOf(pair, MARGIN));
  const clusters = clustersOf(pairs, base.memberOfItem);
  const clustered = clusters === undefined ? options : { ...options, clusters };
  return {
    status: 'compared',
    task,
    metric,
    comparison: comparePairs(scores, clustered),
    margin: margins.every(isFinitePair) ? compareMargins(margins, clustered) : undefined,
    identical: areIdentical(base, head, pairs),
  };
}

function whyNot(side: string, found: Exclude<UnitSide, { status: 'scored' }>): string {
  return found.status === 'absent' ? `not in ${side}` : `in ${side}, ${found.reason}`;
}

function scoresOf([left, right]: ItemPair, metric: string): readonly (number | undefined)[] {
  return [left.scores[metric], right.scores[metric]];
}

function isFinitePair(pair: readonly (number | undefined)[]): pair is readonly [number, number] {
  return pair.every((score) => Number.isFinite(score));
}

function comparePairs(
  pairs: readonly (readonly [number, number])[],
  options: PairedOptions,
): PairedComparison {
  const [base, head] = [pairs.map(([left]) => left), pairs.map(([, right]) => right)];
  return comparePaired(base, head, options);
}

/** Margins are shown with their interval and never judged: their permutation test is not paid for. */
function compareMargins(
  pairs: readonly (readonly [number, number])[],
  options: PairedOptions,
): Omit<PairedComparison, 'pValue'> {
  return comparePairs(pairs, { ...options, resamples: 1 });
}

/** Pairs in base order; an id that occurs twice (a repeated document) is paired first with first, second with second. */
function pairById(base: ScoredUnit, head: ScoredUnit): ItemPair[] | undefined {
  const waiting = new Map<string, JudgedItem[]>();
  head.items.forEach((item, i) => {
    const key = `${head.memberOfItem[i]}/${item.id}`;
    waiting.set(key, [...(waiting.get(key) ?? []), item]);
  });
  const pairs: ItemPair[] = [];
  for (const [i, item] of base.items.entries()) {
    const partner = waiting.get(`${base.memberOfItem[i]}/${item.id}`)?.shift();
    if (partner === undefined) return undefined;
    pairs.push([item, partner]);
  }
  return pairs.length === head.items.length ? pairs : undefined;
}

/**
 * One key per pair where some are not independent. Subjects of a group are clusters: a model that got better at law did so
 * on all of its questions. Items of one task are clustered by their own key, such as a passage; an item without one stands
 * alone. Results of an earlier version have no keys: those of the other side count.
 * @param members the member each pair belongs to
 */
function clustersOf(pairs: readonly ItemPair[], members: readonly string[]): readonly string[] | undefined {
  if (new Set(members).size > 1) return members;
  const keys = pairs.map(([left, right], i) => {
    const key = left.cluster ?? right.cluster;
    return key === undefined ? `item ${i}` : `cluster ${key}`;
  });
  return new Set(keys).size === keys.length ? undefined : keys;
}

function areIdentical(base: ScoredUnit, head: ScoredUnit, pairs: readonly ItemPair[]): boolean {
  if (base.answersHash !== undefined && head.answersHash !== undefined)
    return base.answersHash === head.answersHash;
  return pairs.every(([left, right]) => sameNumbers(left.loglikelihoods, right.loglikelihoods));
}

function sameNumbers(left: readonly number[] = [], right: readonly number[] = []): boolean {
  return left.length > 0 && left.length === right.length && left.every((value, i) => value === right[i]);
}
