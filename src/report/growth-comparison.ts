import { markdownTable } from 'markdown-table';
import type { completeGates } from '../judge/gates.ts';
import { judgeGrowth } from '../judge/growth-judgement.ts';
import type { GrowthJudgement, GrowthRow, GrowthSides } from '../judge/growth-judgement.ts';
import { referenceOf } from '../judge/growth-result.ts';
import { commandBlock, costTable, originList } from './comparison-facts.ts';
import type { ComparisonFacts } from './comparison-facts.ts';
import { fullReportLink, VERDICT_ICONS } from './comparison-report.ts';
import type { ComparisonLabels, RenderedComparison } from './comparison-report.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { LOSS_DIGITS } from './growth-table.ts';
import { confidenceText, fixed, NO_VALUE, pValue, signed } from './number-format.ts';
import { details } from './run-sections.ts';
import { validationChart } from './validation-chart.ts';

/**
 * Judges a growing run against its baseline and writes the report: verdict in one line, what to do next, the blocks that parity took and
 * every model's validation loss, cost, what was reused, the first stage that differs, and the commands; in the order of importance,
 * as `fitToLimit` cuts from the end.
 * @throws JudgeError for gates out of range
 */
export function renderGrowthComparison(
  sides: GrowthSides,
  labels: ComparisonLabels,
  gates: Parameters<typeof completeGates>[0],
  facts: ComparisonFacts = {},
): Pick<RenderedComparison, 'markdown' | 'summary' | 'verdict'> {
  const judgement = judgeGrowth(sides, gates);
  const { parity } = judgement;
  const reached = {
    base: parityText(parity.base, referenceOf(sides.base[0].growth).blocks),
    head: parityText(parity.head, referenceOf(sides.head[0].growth).blocks),
  };
  const summary = verdictLine(judgement, reached);
  const origin = [originList(facts), costTable(facts)].filter((part) => part !== undefined).join('\n\n');
  const blocks = [
    `## ${VERDICT_ICONS[judgement.overall]} ${escapeMarkdown(summary, Infinity)}`,
    fullReportLink(labels),
    `**Next:** ${nextStep(judgement)}`,
    '### Growth',
    growthRows(judgement, reached),
    `<sub>Validation losses in nats per token. Base: ${escapeMarkdown(labels.base)}. Head: ${escapeMarkdown(labels.head)}. Difference = head − base; above zero is worse.</sub>`,
    facts.curves === undefined ? '' : (validationChart(facts.curves) ?? ''),
    origin === '' ? '' : `### Cost and origin\n\n${origin}`,
    facts.commands === undefined
      ? ''
      : details('Get it again', commandBlock(facts.commands, ['# both', facts.commands.compare])),
    details('How this was judged', methodNotes(judgement)),
  ];
  return {
    markdown: `${blocks.filter((block) => block !== '').join('\n\n')}\n`,
    ...{ summary, verdict: judgement.overall },
  };
}

/** Where parity was reached, in words. */
interface Reached {
  readonly base: string;
  readonly head: string;
}

function verdictLine(
  { overall, parity, gates, differences, rows }: GrowthJudgement,
  { base, head }: Reached,
): string {
  const moved = `parity ${base} in base, ${head} in head`;
  switch (overall) {
    case 'regression': {
      const risen = rows.filter(({ verdict }) => decisionOf(verdict) === 'regression');
      const names = risen.map(({ head }) => head?.name ?? '').join(', ');
      return parity.state === 'regression'
        ? `Regression of growth: more blocks for parity (${moved})${names === '' ? '' : `, and a higher validation loss of ${names}`}`
        : `Regression of the validation loss of ${names} (${moved})`;
    }
    case 'noRegression':
      return parity.state === 'identical'
        ? `No regression: reference and targets are the same (${moved})`
        : `No regression of growth: no validation loss rose by more than ${fixed(gates.maximumLossRise, 3)} nats (${moved})`;
    case 'cannotTell':
      return `Cannot tell whether growth changed by more than chance (${moved})`;
    case 'incomparable':
      return `Incomparable: ${differences.map(({ field }) => field).join(', ')} differs between base and head`;
  }
}

function nextStep({ overall, seeds }: GrowthJudgement): string {
  switch (overall) {
    case 'regression':
      return 'find the change behind it, starting with the first stage that differs; if it is intended, record head as the new baseline.';
    case 'noRegression':
      return 'nothing.';
    case 'cannotTell':
      return seeds.base + seeds.head > 2
        ? 'run more seeds, or accept a larger rise of the loss. This is neither a pass nor a regression.'
        : 'run several seeds of base and head: one seed on each side does not say how far two seeds differ. This is neither a pass nor a regression.';
    case 'incomparable':
      return 'run base and head on the same held-out tokens, device, driver and precision, then compare again.';
  }
}

function growthRows({ parity, rows, gates, differences }: GrowthJudgement, reached: Reached): string {
  const parityRow = [
    '**Blocks for parity**',
    ...[reached.base, reached.head],
    parity.base === undefined || parity.head === undefined ? NO_VALUE : signed(parity.head - parity.base, 0),
    parity.adjustedPValue === undefined ? NO_VALUE : pValue(parity.adjustedPValue),
    differences.length > 0 ? 'incomparable' : PARITY_WORDS[parity.state],
  ];
  const head = [
    '',
    'Base',
    'Head',
    `Difference [${confidenceText(gates.confidence)} interval]`,
    'p (Holm)',
    'Verdict',
  ];
  const models = rows.map((row) => lossRow(row, differences.length > 0));
  return markdownTable([head, parityRow, ...models], {
    align: ['l', 'r', 'r', 'r', 'r', 'l'],
    alignDelimiters: false,
  });
}

const PARITY_WORDS: Readonly<Record<GrowthJudgement['parity']['state'], string>> = {
  identical: 'identical',
  notMore: 'not more',
  regression: '**regression**',
  cannotTell: 'cannot tell: the seeds overlap, or are too few',
  unknown: 'unknown: one seed on each side',
};

function lossRow({ base, head, verdict }: GrowthRow, isIncomparable: boolean): string[] {
  const name = escapeMarkdown((head ?? base)?.name ?? '');
  const loss = (value: number | undefined): string =>
    value === undefined ? NO_VALUE : fixed(value, LOSS_DIGITS);
  const difference = base && head ? signed(head.lossNats - base.lossNats, LOSS_DIGITS) : NO_VALUE;
  const own = [name, loss(base?.lossNats), loss(head?.lossNats), difference, NO_VALUE];
  if (verdict.state === 'identical') return [...own, 'identical'];
  if (verdict.state === 'notJudged')
    return [
      ...own,
      base && head ? (isIncomparable ? 'incomparable' : 'baseline, not judged') : 'on one side only',
    ];
  const judged = verdict.loss;
  if (judged.status !== 'compared') return [...own, `unknown: ${escapeMarkdown(judged.reason)}`];
  const { interval, adjustedPValue } = judged;
  const between = `[${signed(interval.lower, LOSS_DIGITS)}, ${signed(interval.upper, LOSS_DIGITS)}]`;
  return [
    `${name} (mean of ${judged.seeds.base} and ${judged.seeds.head} seeds)`,
    ...[loss(judged.base), loss(judged.head), `${signed(judged.difference, LOSS_DIGITS)} ${between}`],
    ...[pValue(adjustedPValue), decisionText(judged.decision)],
  ];
}

type Decision = Extract<
  Extract<GrowthRow['verdict'], { state: 'judged' }>['loss'],
  { status: 'compared' }
>['decision'];

function decisionText(decision: Decision): string {
  switch (decision.state) {
    case 'regression':
      return '**regression**';
    case 'noRegressionLargerThan':
      return `no rise above ${fixed(decision.nats, 3)}`;
    case 'cannotTell':
      return `cannot tell: sees ${fixed(decision.smallestDetectableNats, 3)} or more`;
  }
}

function decisionOf(verdict: GrowthRow['verdict']): string | undefined {
  return verdict.state === 'judged' && verdict.loss.status === 'compared'
    ? verdict.loss.decision.state
    : undefined;
}

function parityText(blocks: number | undefined, total: number): string {
  return blocks === undefined ? 'not reached' : `at ${blocks} of ${total} blocks`;
}

function methodNotes({ gates, seeds }: GrowthJudgement): string {
  return [
    `- Seeds: ${seeds.base} in base, ${seeds.head} in head. Reference and targets are compared at equal depth; baselines are shown and never judged.`,
    '- Validation loss: Student’s t test against the spread of the seeds. Blocks for parity: exact rank-sum test over the seeds, where “not reached” is more than any number of blocks.',
    `- All of them are one family: p-values are adjusted by Holm’s method, so the chance of any false alarm in this report is at most ${confidenceText(1 - gates.confidence)}.`,
    `- **No rise above ${fixed(gates.maximumLossRise, 3)}**: the upper end of the interval lies below it. **Regression**: otherwise, and the rise is significant. **Cannot tell**: neither. **Unknown**: one seed on each side says nothing of how far two seeds differ.`,
  ].join('\n');
}
