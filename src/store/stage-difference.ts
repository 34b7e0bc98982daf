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
export function stageOutputs({ hashes }: RunRecord): [string, string][] {
  return [
    ['reference weights', hashes.referenceWeights ?? 'none'],
    ['inherited weights', hashes.inheritedWeights ?? 'none'],
    ['token stream', hashes.tokenStream ?? 'none'],
    ['batch order', hashes.batchOrder ?? 'none'],
    ...hashes.lossAtSteps.map(({ step, lossNats }): [string, string] => [
      `loss at step ${step}`,
      String(lossNats),
    ]),
    ['trained weights', hashes.trainedWeights ?? 'none'],
    ...Object.entries(hashes.itemScores)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([model, value]): [string, string] => [`item scores of the ${model} model`, value]),
  ];
}

export interface ReuseDecision {
  /** Stages whose inputs are those of the baseline. */
  readonly reused: readonly string[];
  /** Stages that have to be run, in order. */
  readonly needed: readonly string[];
  /** One line for the report. */
  readonly text: string;
}

/**
 * Which stages a run with these inputs can take from a record. A stage behind one that has to run has to run as well:
 * its inputs are that one's outputs, and are not known yet.
 * @param planned stages in the order of a run; `inputHash` undefined where it depends on a stage that has not run
 */
export function decideReuse(
  planned: readonly { readonly name: string; readonly inputHash: string | undefined }[],
  baseline: Pick<RunRecord, 'stageInputs'> | undefined,
): ReuseDecision {
  const same = planned.map(
    ({ name, inputHash }) => inputHash !== undefined && baseline?.stageInputs[name] === inputHash,
  );
  const reused = planned.filter((_, i) => same[i]).map(({ name }) => name);
  const needed = planned.filter((_, i) => !same[i]).map(({ name }) => name);
  return { reused, needed, text: reuseText(reused, needed) };
}

/** One line on what a finished run took over. */
export function reuseText(reused: readonly string[], needed: readonly string[]): string {
  if (reused.length === 0 && needed.length === 0) return 'No stage was asked for: 0 GPU-minutes.';
  if (needed.length === 0) return 'No stage changed: 0 GPU-minutes.';
  if (reused.length === 0) return `Every stage was run: ${needed.join(', ')}.`;
  return `Run: ${needed.join(', ')}. Taken over: ${reused.join(', ')}.`;
}

function shown(value: string): string {
  return /^[0-9a-f]{64}$/.test(value) ? value.slice(0, SHOWN) : value;
}
