import { describe, expect, test } from 'vitest';
import type { BlockScore } from './block-scores.ts';
import { selectBlocks } from './select-blocks.ts';

/** Blocks of these influences and attention ranks. */
function blocksOf(influences: readonly number[], ranks: readonly number[]): BlockScore[] {
  return influences.map((blockInfluence, block) => ({
    ...{ block, blockInfluence, attentionRank: ranks[block]!, meanAttentionRank: 1, rankOneHeads: 0 },
    ...{ attentionColumns: 1, firstTokenAttention: 0, residualNorm: 1, headRanks: [ranks[block]!] },
  }));
}

const blocks = blocksOf([0.9, 0.1, 0.3, 0.2, 0.3], [3, 8, 9, 2, 9]);

describe('selectBlocks', () => {
  test.each([
    ['block-influence', 1, [0]],
    ['block-influence', 3, [0, 2, 4]],
    ['block-influence', 5, [0, 1, 2, 3, 4]],
    ['attention-rank', 2, [1, 2]],
    ['attention-rank', 3, [0, 1, 2]],
  ] as const)('by %s keeps %i', (by, keep, kept) => {
    expect(selectBlocks(blocks, { by, keep })).toEqual(kept);
  });

  test('takes neighbours, or blocks wherever they are, where that is asked for', () => {
    expect(selectBlocks(blocks, { by: 'attention-rank', keep: 2, contiguous: false })).toEqual([2, 4]);
    expect(selectBlocks(blocks, { by: 'block-influence', keep: 2, contiguous: true })).toEqual([0, 1]);
  });

  test('takes the earlier of equals', () => {
    const same = blocksOf([0.5, 0.5, 0.5], [4, 4, 4]);
    expect(selectBlocks(same, { by: 'block-influence', keep: 2 })).toEqual([0, 1]);
    expect(selectBlocks(same, { by: 'attention-rank', keep: 1 })).toEqual([0]);
  });

  test.each([0, 6, 1.5])('refuses to keep %s of 5', (keep) => {
    expect(() => selectBlocks(blocks, { by: 'block-influence', keep })).toThrow('the model has 5');
  });
});
