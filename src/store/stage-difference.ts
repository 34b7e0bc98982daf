import type { RunRecord } from './run-record.ts';

export interface StageDifference {
  /** As a reader calls it: "token stream", "loss at step 10". */
  readonly stage: string;
  readonly base: string;
  readonly head: string;
}

/** Characters of a hash that are shown. */
const SHOWN = 12;

/**
 * The first stage, in the order of a run, that left something else in head than in base; undefined where all are equal.
 * Whatever comes after it differs by consequence, so this is where to look for the cause.
 */
export function firstStageThatDiffers(base: RunRecord, head: RunRecord): StageDifference | undefined {
  const left = stageOutputs(base);
  const right = new Map(stageOutputs(head));
  const names = [...new Set([...left.map(([name]) => name), ...right.keys()])];
  const leftOf = new Map(left);
  for (const stage of names) {
    const [before, after] = [leftOf.get(stage) ?? 'none', right.get(stage) ?? 'none'];
    if (before !== after) return { stage, base: shown(before), head: shown(after) };
  }
  return undefined;
}

/** What each stage left, by its name, in the order of a run. */
export function stageOutputs({ hashes, growth }: RunRecord): [string, string][] {
  if (growth !== undefined) return grownOutputs(hashes, growth);
  return [
    ['reference weights', hashes.referenceWeights ?? 'none'],
    ['inherited weights', hashes.inheritedWeights ?? 'none'],
    ['token stream', hashes.tokenStream ?? 'none'],
    ['batch order', hashes.batchOrder ?? 'none'],
    ...lossOutputs(hashes.lossAtSteps),
    ['trained weights', hashes.trainedWeights ?? 'none'],
    ...Object.entries(hashes.itemScores)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([model, value]): [string, string] => [`item scores of the ${model} model`, value]),
  ];
}

/** A growing run trains its reference, too, so that tokens and their order come first. */
function grownOutputs(
  { tokenStream, batchOrder }: RunRecord['hashes'],
  { models }: NonNullable<RunRecord['growth']>,
): [string, string][] {
  return [
    ['token stream', tokenStream ?? 'none'],
    ['batch order', batchOrder ?? 'none'],
    ...models.flatMap(({ name, lossAtSteps, weights, lossNats }): [string, string][] => [
      ...lossOutputs(lossAtSteps, ` of ${name}`),
      [`weights of ${name}`, weights],
      [`validation loss of ${name}`, String(lossNats)],
    ]),
  ];
}

function lossOutputs(points: RunRecord['hashes']['lossAtSteps'], of = ''): [string, string][] {
  return points.map(({ step, lossNats }) => [`loss at step ${step}${of}`, String(lossNats)]);
}

function shown(value: string): string {
  return /^[0-9a-f]{64}$/.test(value) ? value.slice(0, SHOWN) : value;
}
