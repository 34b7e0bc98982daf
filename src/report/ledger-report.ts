import { markdownTable } from 'markdown-table';
import { escapeMarkdown } from './escape-markdown.ts';
import { count, duration, fixed, NO_VALUE } from './number-format.ts';

/** A claim as the ledger shows it, with the newest result of a run about it. */
export interface LedgerRow {
  readonly text: string;
  readonly source: string;
  readonly unit: 'percent' | 'nats' | 'count';
  readonly relation: 'equal' | 'atLeast';
  readonly paper: number;
  /** Undefined: no run addressed it. */
  readonly latest:
    | {
        readonly ours: { readonly value: number; readonly lower: number; readonly upper: number } | null;
        readonly verdict: 'reproduced' | 'notReproduced' | 'cannotTell';
        readonly scaled: boolean;
        readonly reason: string | null;
        readonly night: string;
        readonly commit: string | null;
        readonly device: string | null;
      }
    | undefined;
}

export interface LedgerNight {
  readonly night: string;
  readonly state: 'judged' | 'nothingNew';
  readonly run: string | null;
  readonly gpuMinutes: number;
}

/** Newest nights in the list; the store keeps all. */
const NIGHTS_SHOWN = 14;

const VERDICTS = {
  reproduced: 'reproduced',
  notReproduced: '**not reproduced**',
  cannotTell: 'cannot tell',
} as const;

/** The ledger as Markdown: verdicts in one line, claims with a result, those without, the last nights. */
export function renderLedger(
  name: string,
  rows: readonly LedgerRow[],
  nights: readonly LedgerNight[],
): string {
  const judged = rows.filter((row) => row.latest !== undefined);
  const open = rows.filter((row) => row.latest === undefined);
  const newest = [...nights].sort((a, b) => (a.night < b.night ? 1 : -1));
  const blocks = [
    `# Claim ledger: ${escapeMarkdown(name)}`,
    `**${escapeMarkdown(summary(rows))}**`,
    newest[0] === undefined ? '' : nightLine(newest[0]),
    judged.length === 0 ? '' : claimTable(judged),
    open.length === 0
      ? ''
      : `<details>\n<summary>${open.length} claims that no run has addressed</summary>\n\n${open
          .map(
            (row) => `- ${escapeMarkdown(row.text)} Paper: ${paperText(row)} (${escapeMarkdown(row.source)})`,
          )
          .join('\n')}\n\n</details>`,
    newest.length === 0
      ? ''
      : `## Nights\n\n${newest
          .slice(0, NIGHTS_SHOWN)
          .map((night) => `- ${nightLine(night)}`)
          .join('\n')}`,
    '<sub>Intervals are 95 %. “Scaled”: the run is smaller than the paper’s or of another model, and stands in for it. “At least”: reproduced where the whole interval reaches the paper’s number.</sub>',
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

/** A badge for shields.io (endpoint schema, version 1). */
export function ledgerBadge(rows: readonly LedgerRow[]): Record<string, string | number> {
  const { reproduced, notReproduced, judged } = counts(rows);
  return {
    schemaVersion: 1,
    label: 'paper claims',
    message: judged === 0 ? 'no run yet' : `${reproduced} of ${judged} reproduced`,
    color:
      judged === 0
        ? 'lightgrey'
        : notReproduced > 0
          ? 'red'
          : reproduced === judged
            ? 'brightgreen'
            : 'yellow',
  };
}

function summary(rows: readonly LedgerRow[]): string {
  const { reproduced, notReproduced, judged } = counts(rows);
  const scaled = rows.filter((row) => row.latest?.scaled === true).length;
  if (judged === 0) return 'No run has addressed a claim yet.';
  return `${reproduced} of ${judged} claims reproduced, ${notReproduced} not, ${judged - reproduced - notReproduced} cannot be told${scaled === 0 ? '' : ` (${scaled} of them by scaled-down runs)`}.`;
}

function counts(rows: readonly LedgerRow[]): { reproduced: number; notReproduced: number; judged: number } {
  const verdicts = rows.flatMap((row) => (row.latest === undefined ? [] : [row.latest.verdict]));
  return {
    reproduced: verdicts.filter((verdict) => verdict === 'reproduced').length,
    notReproduced: verdicts.filter((verdict) => verdict === 'notReproduced').length,
    judged: verdicts.length,
  };
}

function claimTable(rows: readonly LedgerRow[]): string {
  const cells = rows.map((row) => {
    const latest = row.latest!;
    const { ours, verdict, scaled, reason, night, commit, device } = latest;
    return [
      escapeMarkdown(row.text),
      paperText(row),
      ours === null
        ? escapeMarkdown(reason ?? NO_VALUE)
        : `${numberText(row.unit, ours.value)} [${numberText(row.unit, ours.lower)}, ${numberText(row.unit, ours.upper)}]`,
      `${VERDICTS[verdict]}${scaled ? ' (scaled)' : ''}`,
      escapeMarkdown(night),
      escapeMarkdown(commit?.slice(0, 10) ?? NO_VALUE),
      escapeMarkdown(device ?? NO_VALUE),
      escapeMarkdown(row.source),
    ];
  });
  const head = ['Claim', 'Paper', 'Ours [interval]', 'Verdict', 'Night', 'Commit', 'Device', 'Source'];
  return markdownTable([head, ...cells], { align: ['l', 'r', 'r', 'l'], alignDelimiters: false });
}

function nightLine({ night, state, run, gpuMinutes }: LedgerNight): string {
  const when = escapeMarkdown(night);
  if (state === 'judged')
    return `${when}: judged ${escapeMarkdown(run ?? '')}, ${duration(60 * gpuMinutes)} on the GPU`;
  return run === null
    ? `${when}: nothing to judge`
    : `${when}: nothing new since ${escapeMarkdown(run)}, 0 GPU-minutes`;
}

function paperText({ relation, unit, paper }: LedgerRow): string {
  return `${relation === 'atLeast' ? '≥ ' : ''}${numberText(unit, paper)}`;
}

function numberText(unit: LedgerRow['unit'], value: number): string {
  switch (unit) {
    case 'percent':
      return `${fixed(100 * value, 2)} %`;
    case 'nats':
      return `${fixed(value, 3)} nats`;
    case 'count':
      return count(value);
  }
}
