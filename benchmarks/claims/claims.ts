import { markdownTable } from 'markdown-table';

type Curve = readonly { readonly step: number; readonly lossNats: number }[];

/** Validation losses of one seed's three models, at the same steps. */
export interface SeedResult {
  readonly seed: number;
  readonly reference: Curve;
  readonly inherited: Curve;
  readonly scratch: Curve;
}

export interface ClaimRow {
  readonly step: number;
  readonly inheritedNats: number;
  readonly scratchNats: number;
  /** Mean over seeds of scratch minus inherited; above 0 where inheriting is better. */
  readonly marginNats: number;
  readonly smallestMarginNats: number;
  /** The larger of the two models' ranges (largest minus smallest loss) over the seeds. */
  readonly spreadNats: number;
}

export interface Claims {
  readonly seeds: readonly number[];
  readonly rows: readonly ClaimRow[];
  /** Whether at every step the smallest margin is above the spread. */
  readonly beatsScratch: boolean;
  /** The full model's loss after all of its steps, and the first step at which the inherited mean is at most that. */
  readonly referenceNats: number;
  readonly parityStep: number | undefined;
}

export function claimsOf(results: readonly SeedResult[]): Claims {
  const steps = results[0]!.inherited.map(({ step }) => step);
  const rows = steps.map((step, at): ClaimRow => {
    const inherited = results.map((result) => result.inherited[at]!.lossNats);
    const scratch = results.map((result) => result.scratch[at]!.lossNats);
    const margins = inherited.map((loss, i) => scratch[i]! - loss);
    return {
      step,
      inheritedNats: mean(inherited),
      scratchNats: mean(scratch),
      marginNats: mean(margins),
      smallestMarginNats: Math.min(...margins),
      spreadNats: Math.max(range(inherited), range(scratch)),
    };
  });
  const referenceNats = mean(results.map(({ reference }) => reference.at(-1)!.lossNats));
  return {
    ...{ seeds: results.map(({ seed }) => seed), rows, referenceNats },
    beatsScratch: rows.every(({ smallestMarginNats, spreadNats }) => smallestMarginNats > spreadNats),
    parityStep: rows.find(({ inheritedNats }) => inheritedNats <= referenceNats)?.step,
  };
}

export function renderClaims(
  { seeds, rows, beatsScratch, referenceNats, parityStep }: Claims,
  { command, recipe }: { command: string; recipe: string },
): string {
  const last = rows.at(-1)!;
  const table = markdownTable(
    [
      [
        'Step',
        'Inherited',
        'Scratch, same size',
        'Margin',
        'Smallest margin',
        "Seeds' spread",
        'Margin / spread',
      ],
      ...rows.map((row) => [
        String(row.step),
        ...[row.inheritedNats, row.scratchNats, row.marginNats, row.smallestMarginNats, row.spreadNats].map(
          (nats) => nats.toFixed(4),
        ),
        (row.smallestMarginNats / row.spreadNats).toFixed(1),
      ]),
    ],
    { align: 'r' },
  );
  const scratchClaim = beatsScratch
    ? 'At every measured step, with every seed, the inherited model is ahead by more than the spread of the seeds.'
    : "Not at every measured step is the inherited model ahead by more than the seeds' spread.";
  const parityClaim =
    parityStep === undefined
      ? `It does not reach the full model's validation loss of ${referenceNats.toFixed(4)} nats: ${(last.inheritedNats - referenceNats).toFixed(4)} nats are left after ${last.step} steps.`
      : `It reaches the full model's validation loss of ${referenceNats.toFixed(4)} nats (after ${last.step} steps) by step ${parityStep}.`;
  return `# Inherited against same size from scratch, in miniature

${scratchClaim} ${parityClaim}

Mean validation loss in nats over the seeds ${seeds.join(', ')} of \`${recipe}\`; of each seed the reference, the data order
and the random baseline are its own. Margin: scratch minus inherited; the ratio is of the smallest margin. The full model
was trained for as many steps before: the inherited one has seen the data twice as long, as in the paper.

${table}

Again: \`${command}\`
`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function range(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}
