import { markdownTable } from 'markdown-table';
import { blocksAtParity, lastTarget, referenceOf } from '../judge/growth-result.ts';
import type { GrowthResult } from '../judge/growth-result.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { count, fixed, NO_VALUE, signed } from './number-format.ts';

/** Decimals of a validation loss: seeds of one recipe differ in the second or third. */
export const LOSS_DIGITS = 4;

/** Whether the target became as good as the reference, in one sentence. */
export function growthHeadline(growth: GrowthResult): string {
  const reference = referenceOf(growth);
  const last = lastTarget(growth);
  const gap = signed(last.lossNats - reference.lossNats, LOSS_DIGITS);
  return blocksAtParity(growth) === undefined
    ? `No target reached the reference's validation loss: with ${last.blocks} of ${reference.blocks} blocks ${gap} nats are left.`
    : `The target with ${last.blocks} of ${reference.blocks} blocks reaches the reference's validation loss (${gap} nats).`;
}

/** The paper's table (Inheritune, arXiv 2404.08634, v1 table 6): model, layers, initialisation, steps, validation loss. */
export function growthTable(growth: GrowthResult): string {
  const reference = referenceOf(growth);
  const rows = growth.models.map((model) => [
    escapeMarkdown(model.name),
    count(model.blocks),
    count(model.parameters),
    escapeMarkdown(model.initialisation),
    model.steps === null ? NO_VALUE : count(model.steps),
    fixed(model.lossNats, LOSS_DIGITS),
    model === reference ? '' : signed(model.lossNats - reference.lossNats, LOSS_DIGITS),
  ]);
  return markdownTable(
    [
      ['Model', 'Layers', 'Parameters', 'Initialisation', 'Steps', 'Validation loss (nats)', 'to reference'],
      ...rows,
    ],
    { align: ['l', 'r', 'r', 'l', 'r', 'r', 'r'] },
  );
}

/** What every loss in the table was computed over, and what counted as reaching it. */
export function growthLegend({ validationTokens, tolerance }: GrowthResult): string {
  const within =
    tolerance === 0
      ? ''
      : ` Up to ${fixed(tolerance, LOSS_DIGITS)} nats above the reference count as reaching it.`;
  return `<sub>Every validation loss is over the same ${count(validationTokens)} held-out tokens.${within}</sub>`;
}

/** Sentence and table, as they are printed and left in `growth.md`. */
export function renderGrowth(name: string, growth: GrowthResult): string {
  return `# ${escapeMarkdown(name)}: growth\n\n${growthHeadline(growth)}\n\n${growthTable(growth)}\n`;
}
