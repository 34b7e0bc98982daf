import { InheritError } from '../errors.ts';
import type { BlockScore } from './block-scores.ts';

/** Scores by which blocks can be chosen. */
export type SelectionScore = 'block-influence' | 'attention-rank';

export interface BlockChoice {
  readonly by: SelectionScore;
  /** How many blocks. */
  readonly keep: number;
  /** Only blocks that follow one another; default `isContiguous`. */
  readonly contiguous?: boolean | undefined;
}

/**
 * How a score is used where it comes from: the Inheritune paper (arXiv 2404.08634, version 4) takes "early contiguous layers" of
 * high attention rank, and ShortGPT (arXiv 2403.03853) drops the blocks of least influence, wherever they are.
 */
export function isContiguous(by: SelectionScore): boolean {
  return by === 'attention-rank';
}

/**
 * The blocks to keep, in the order of the model: those with the highest scores, or the run of neighbours whose sum is highest.
 * Of equals the earlier one is taken.
 * @throws InheritError `bad-layers` where the model has fewer blocks.
 */
export function selectBlocks(blocks: readonly BlockScore[], choice: BlockChoice): number[] {
  const { by, keep, contiguous = isContiguous(by) } = choice;
  if (!Number.isInteger(keep) || keep < 1 || keep > blocks.length) {
    throw new InheritError(
      'bad-layers',
      `${keep} blocks are to be kept, but the model has ${blocks.length}. Choose a whole number from 1 to ${blocks.length}.`,
    );
  }
  const scores = blocks.map((block) => scoreOf(block, by));
  const start = contiguous ? bestRun(scores, keep) : undefined;
  if (start !== undefined) return Array.from({ length: keep }, (_, i) => start + i);
  return scores
    .map((score, block) => ({ score, block }))
    .sort((a, b) => b.score - a.score || a.block - b.block)
    .slice(0, keep)
    .map(({ block }) => block)
    .sort((a, b) => a - b);
}

/** The score that a choice goes by. */
export function scoreOf(block: BlockScore, by: SelectionScore): number {
  return by === 'block-influence' ? block.blockInfluence : block.attentionRank;
}

function bestRun(scores: readonly number[], length: number): number {
  const sums = scores
    .slice(0, scores.length - length + 1)
    .map((_, start) => scores.slice(start, start + length).reduce((sum, score) => sum + score, 0));
  return sums.indexOf(Math.max(...sums));
}
