/** What one block does on a text. All numbers are means over the windows of the text. */
export interface BlockScore {
  /** Counted from 0. */
  readonly block: number;
  /**
   * 1 - cosine of each token's residual stream before and behind the block, mean over tokens: Block Influence of ShortGPT
   * (Men et al., arXiv 2403.03853). 0 is a block that changes no direction. Measured on the block itself; code that takes the
   * last block's output from `hidden_states` of transformers measures it behind the final norm.
   */
  readonly blockInfluence: number;
  /** The largest of `headRanks`: the layer's attention rank in the Inheritune paper (arXiv 2404.08634, version 4). */
  readonly attentionRank: number;
  /** Mean of `headRanks`. */
  readonly meanAttentionRank: number;
  /** Heads whose rank rounds to 1. A block with nothing else is a lazy layer in the paper's words. */
  readonly rankOneHeads: number;
  /**
   * The paper's mass: how many columns of an attention matrix, largest first, hold `ENERGY_SHARE` of its squared Frobenius norm; of
   * the head with most.
   */
  readonly attentionColumns: number;
  /** Attention that tokens behind the first pay to the first, from 0 to 1, mean over heads. */
  readonly firstTokenAttention: number;
  /** Length of the residual stream behind the block, mean over tokens. */
  readonly residualNorm: number;
  /** Of each head's attention matrix: how many singular values, largest first, hold `ENERGY_SHARE` of the sum of squares. */
  readonly headRanks: readonly number[];
}

/** The scores of all blocks of a model on one text. */
export interface BlockScores {
  readonly windows: number;
  /** Tokens. */
  readonly windowLength: number;
  readonly blocks: readonly BlockScore[];
}

/** The paper's threshold τ. */
export const ENERGY_SHARE = 0.9;

/** What the paper averages over: 100 sequences of 100 tokens. */
export const DEFAULT_WINDOWS = 100;
export const DEFAULT_WINDOW_LENGTH = 100;
