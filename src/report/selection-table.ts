import { markdownTable } from 'markdown-table';
import { escapeMarkdown } from './escape-markdown.ts';
import { count, fixed, percent } from './number-format.ts';
import type { InheritanceFacts } from './run-report-input.ts';

/** What the copied blocks were chosen by, with the scores of all blocks; undefined where the recipe names the blocks. */
export function selectionTable(inherit: InheritanceFacts | undefined): string | undefined {
  const selection = inherit?.selection;
  if (inherit === undefined || selection === undefined) return undefined;
  const { by, contiguous, text, windows, windowLength } = selection;
  const kept = new Set(inherit.blocks);
  const rows = selection.blocks.map((scores) => {
    const mark = kept.has(scores.block) ? '**' : '';
    return [
      `${mark}${scores.block}${mark}`,
      fixed(scores.blockInfluence, 4),
      fixed(scores.attentionRank, 2),
      fixed(scores.meanAttentionRank, 2),
      `${scores.rankOneHeads} of ${scores.headRanks.length}`,
      fixed(scores.attentionColumns, 2),
      `${percent(scores.firstTokenAttention)} %`,
      fixed(scores.residualNorm, 2),
    ];
  });
  const head = [
    ...['Block', 'Block influence', 'Attention rank', 'Mean rank of heads', 'Rank-1 heads'],
    ...['Attention columns', 'Attention to first token', 'Residual norm'],
  ];
  const how = contiguous ? 'neighbouring blocks with the highest' : 'blocks with the highest';
  const sentence = `Kept (bold) are the ${kept.size} ${how} ${by} of the source, on ${count(windows)} windows of ${count(windowLength)} tokens of ${text}.`;
  const table = markdownTable([head, ...rows], { align: head.map(() => 'r'), alignDelimiters: false });
  return `${escapeMarkdown(sentence, Infinity)}\n\n${table}`;
}
