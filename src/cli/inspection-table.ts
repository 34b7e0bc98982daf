import { markdownTable } from 'markdown-table';
import type { BlockScores } from '../inherit/scores/block-scores.ts';
import { isContiguous } from '../inherit/scores/select-blocks.ts';
import type { SelectionScore } from '../inherit/scores/select-blocks.ts';

/** What `inspect` found; also its JSON. */
export interface Inspection extends BlockScores {
  readonly model: string;
  /** Name of the text. */
  readonly text: string;
  /** Attention heads of a block. */
  readonly heads: number;
  /** Which blocks each score would keep. */
  readonly kept?: Readonly<Record<SelectionScore, readonly number[]>>;
}

/** The scores for a terminal: one row a block, and below it what would be kept. */
export function renderInspection(inspection: Inspection): string {
  const { model, text, heads, windows, windowLength, blocks, kept } = inspection;
  const columns = [
    ...['block', 'influence', 'rank', 'mean rank', 'rank-1 heads', 'columns'],
    ...['first token', 'norm'],
  ];
  const rows = blocks.map((block) => [
    ...[String(block.block), block.blockInfluence.toFixed(4), block.attentionRank.toFixed(2)],
    ...[block.meanAttentionRank.toFixed(2), `${block.rankOneHeads} of ${heads}`],
    ...[block.attentionColumns.toFixed(2), `${(100 * block.firstTokenAttention).toFixed(1)} %`],
    block.residualNorm.toPrecision(4),
  ]);
  const choices = Object.entries(kept ?? {}).map(([by, chosen]) => {
    const how = isContiguous(by as SelectionScore)
      ? 'neighbours with the highest'
      : 'blocks with the highest';
    return `${chosen.length} ${how} ${by}: --layers ${chosen.join(',')}`;
  });
  return [
    `${model}: ${blocks.length} blocks on ${windows} windows of ${windowLength} tokens of ${text}`,
    '',
    markdownTable([columns, ...rows], { align: columns.map(() => 'r') }),
    ...(choices.length === 0 ? [] : ['', ...choices]),
  ].join('\n');
}
