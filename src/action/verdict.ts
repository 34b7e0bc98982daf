import type { CheckConclusion } from '../github/check-run.ts';
import type { RenderedComparison } from '../report/comparison-report.ts';
import type { Outcome } from './outcome-text.ts';

/** What the comparison with the baseline came to; `none` where nothing was to be compared. */
export type Verdict = RenderedComparison['verdict'] | 'noBaseline' | 'none';

/** From the most to the least that a reader must know. */
const ORDER: readonly Verdict[] = [
  'missing',
  'regression',
  'incomparable',
  'cannotTell',
  'noBaseline',
  'noRegression',
  'none',
];

/** The verdict on several variants is that of the worst; pure. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  return ORDER.find((verdict) => verdicts.includes(verdict)) ?? 'none';
}

/**
 * How the check run ends; pure. Neutral is for results that say nothing about the change: a wrong machine, a night with nothing new, a comparison that cannot
 * tell, one that would compare unlike things, a first run without a baseline. A cancelled run is a failure, as branch protection
 * lets neutral pass.
 */
export function checkConclusion(outcome: Outcome, verdict: Verdict): CheckConclusion {
  if (outcome.kind === 'wrongMachine' || outcome.kind === 'nothingNew') return 'neutral';
  if (outcome.kind !== 'succeeded') return 'failure';
  const isNeutral = verdict === 'cannotTell' || verdict === 'incomparable' || verdict === 'noBaseline';
  return isNeutral ? 'neutral' : 'success';
}

/** The words for a complete run with a verdict that stops nothing. */
export const VERDICT_TEXT: Readonly<
  Record<Exclude<Verdict, 'regression' | 'missing'>, { readonly title: string; readonly detail: string }>
> = {
  none: { title: 'Succeeded', detail: 'The run is complete.' },
  noRegression: {
    title: 'No regression',
    detail: 'The run is complete and a drop larger than the accepted one is ruled out.',
  },
  cannotTell: {
    title: 'Cannot tell',
    detail:
      'The run is complete; it shows neither a regression nor that there is none. The report says what it could have seen and how many items it would take.',
  },
  incomparable: {
    title: 'Incomparable',
    detail:
      'The run is complete, but the baseline was computed under other conditions, which the report names. This is not a regression.',
  },
  noBaseline: {
    title: 'No baseline',
    detail: 'The run is complete; there is no record yet to compare it with.',
  },
};
