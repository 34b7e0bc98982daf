import { expect, test } from 'vitest';
import type { InheritanceFacts } from './run-report-input.ts';
import { selectionTable } from './selection-table.ts';

const named: InheritanceFacts = { source: 'm', sourceBlocks: 3, blocks: [0, 1], carried: [] };
const selection = {
  ...{ by: 'attention-rank', contiguous: true, text: 'a|b.txt', windows: 1200, windowLength: 100 },
  blocks: [4, 9.5, 1].map((rank, block) => ({
    ...{ block, blockInfluence: 0.25, attentionRank: rank, meanAttentionRank: rank / 2, rankOneHeads: 1 },
    ...{ attentionColumns: 7, firstTokenAttention: 0.125, residualNorm: NaN, headRanks: [rank, 0] },
  })),
};

test('shows the scores of every block, those kept in bold', () => {
  expect(selectionTable({ ...named, blocks: [1, 2], selection })).toMatchInlineSnapshot(`
    "Kept (bold) are the 2 neighbouring blocks with the highest attention-rank of the source, on 1,200 windows of 100 tokens of a&#124;b.txt.

    | Block | Block influence | Attention rank | Mean rank of heads | Rank-1 heads | Attention columns | Attention to first token | Residual norm |
    | -: | -: | -: | -: | -: | -: | -: | -: |
    | 0 | 0.2500 | 4.00 | 2.00 | 1 of 2 | 7.00 | 12.50 % | – |
    | **1** | 0.2500 | 9.50 | 4.75 | 1 of 2 | 7.00 | 12.50 % | – |
    | **2** | 0.2500 | 1.00 | 0.50 | 1 of 2 | 7.00 | 12.50 % | – |"
  `);
});

test('is absent where the recipe names the blocks', () => {
  expect(selectionTable(named)).toBeUndefined();
  expect(selectionTable(undefined)).toBeUndefined();
});
