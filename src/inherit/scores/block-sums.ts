import { InheritError } from '../errors.ts';
import { ENERGY_SHARE } from './block-scores.ts';
import type { BlockScore } from './block-scores.ts';
import { countHolding } from './count-holding.ts';

/** What the graph gives for one block and one window of T tokens; H heads. */
export interface WindowValues {
  readonly influence: number;
  readonly residualNorm: number;
  readonly firstToken: number;
  /** [H, T] */
  readonly singularValues: ArrayLike<number>;
  /** Squared column norms [H, T]. */
  readonly columns: ArrayLike<number>;
}

/** Adds up the windows of one block. */
export class BlockSums {
  private readonly block: number;
  private windows = 0;
  private readonly sums = { influence: 0, residualNorm: 0, firstToken: 0 };
  private readonly ranks: number[];
  private readonly columns: number[];

  constructor(block: number, heads: number) {
    this.block = block;
    this.ranks = new Array<number>(heads).fill(0);
    this.columns = new Array<number>(heads).fill(0);
  }

  /** @throws InheritError `not-finite` */
  add(values: WindowValues): void {
    const { influence, residualNorm, firstToken, singularValues } = values;
    if (![influence, residualNorm, firstToken, ...Array.from(singularValues)].every(Number.isFinite)) {
      throw new InheritError(
        'not-finite',
        `Block ${this.block} of the model gives values that are not finite, so blocks cannot be scored. Check the weights.`,
      );
    }
    this.sums.influence += influence;
    this.sums.residualNorm += residualNorm;
    this.sums.firstToken += firstToken;
    this.ranks.forEach((_, head) => {
      const energies = headRow(singularValues, head, this.ranks.length).map((value) => value ** 2);
      this.ranks[head]! += countHolding(energies, ENERGY_SHARE);
      this.columns[head]! += countHolding(headRow(values.columns, head, this.ranks.length), ENERGY_SHARE);
    });
    this.windows++;
  }

  score(): BlockScore {
    const mean = (sum: number): number => sum / this.windows;
    const headRanks = this.ranks.map(mean);
    return {
      block: this.block,
      blockInfluence: mean(this.sums.influence),
      attentionRank: Math.max(...headRanks),
      meanAttentionRank: headRanks.reduce((sum, rank) => sum + rank, 0) / headRanks.length,
      rankOneHeads: headRanks.filter((rank) => rank < 1.5).length,
      attentionColumns: Math.max(...this.columns.map(mean)),
      firstTokenAttention: mean(this.sums.firstToken),
      residualNorm: mean(this.sums.residualNorm),
      headRanks,
    };
  }
}

function headRow(values: ArrayLike<number>, head: number, heads: number): number[] {
  const length = values.length / heads;
  return Array.from({ length }, (_, i) => values[head * length + i]!);
}
