import { expect, it } from 'vitest';
import type { Outcome } from './outcome-text.ts';
import type { Verdict } from './verdict.ts';
import { checkConclusion, worstVerdict } from './verdict.ts';

const SUCCEEDED: Outcome = { kind: 'succeeded' };

it.each<[Outcome, Verdict, string]>([
  [SUCCEEDED, 'none', 'success'],
  [SUCCEEDED, 'noRegression', 'success'],
  [SUCCEEDED, 'cannotTell', 'neutral'],
  [SUCCEEDED, 'incomparable', 'neutral'],
  [SUCCEEDED, 'noBaseline', 'neutral'],
  [{ kind: 'wrongMachine', reasons: [] }, 'none', 'neutral'],
  [{ kind: 'regression' }, 'regression', 'failure'],
  [{ kind: 'partlyMissing', missing: [] }, 'missing', 'failure'],
  [{ kind: 'empty', message: '' }, 'none', 'failure'],
  [{ kind: 'notANumber', message: '' }, 'none', 'failure'],
  [{ kind: 'hung', afterMs: 1, isResumable: true }, 'none', 'failure'],
  [{ kind: 'killed' }, 'none', 'failure'],
  [{ kind: 'outOfMemory', evidence: '' }, 'none', 'failure'],
  [{ kind: 'interrupted', by: 'runner', isResumable: true }, 'none', 'failure'],
  [{ kind: 'baselineUnreadable', message: '' }, 'none', 'failure'],
  [{ kind: 'refused', reason: '' }, 'none', 'failure'],
])('%j with the verdict %s ends the check run as %s', (outcome, verdict, conclusion) => {
  expect(checkConclusion(outcome, verdict)).toBe(conclusion);
});

it.each<[Verdict[], Verdict]>([
  [[], 'none'],
  [['noRegression', 'cannotTell'], 'cannotTell'],
  [['noRegression', 'regression', 'incomparable'], 'regression'],
  [['regression', 'missing'], 'missing'],
  [['noBaseline', 'noRegression'], 'noBaseline'],
])('of %j the worst is %s', (verdicts, worst) => {
  expect(worstVerdict(verdicts)).toBe(worst);
});
