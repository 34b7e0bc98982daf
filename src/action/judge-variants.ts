import type { BaselineSource } from './baseline.ts';
import { compared } from './judge-variant.ts';
import type { Pair } from './judge-variant.ts';
import { severalVariants } from './several-variants.ts';
import type { Variant } from './variant.ts';
import type { Verdict } from './verdict.ts';
import { worstVerdict } from './verdict.ts';

export interface VariantJudgement {
  readonly verdict: Verdict;
  /** Markdown, most important first; empty where there is no baseline setting. */
  readonly markdown: string;
}

export interface JudgeOptions {
  readonly baseline: BaselineSource | undefined;
  readonly maximumDropPoints: number;
  readonly confidence: number;
  readonly reportUrl: string;
}

/**
 * Compares every variant with its baseline. With V variants each is judged at a V-th of the error rate (Bonferroni), so that the
 * whole report keeps the confidence that was asked for.
 * @throws StoreError or RecordError for a baseline that is there and cannot be read
 */
export async function judgeVariants(
  variants: readonly Variant[],
  options: JudgeOptions,
): Promise<VariantJudgement> {
  const { baseline, maximumDropPoints, reportUrl } = options;
  if (baseline === undefined) return { verdict: 'none', markdown: '' };
  const confidence = 1 - (1 - options.confidence) / Math.max(1, variants.length);
  const pairs: Pair[] = [];
  for (const variant of variants) pairs.push({ variant, found: await baseline.find(variant) });
  const judged = pairs.map(({ variant, found }) => ({
    name: variant.name,
    ...compared(variant, found, pairs, { maximumDropPoints, confidence, reportUrl }),
  }));
  const verdict = worstVerdict(judged.map((each) => each.verdict));
  if (judged.length < 2) return { verdict, markdown: judged[0]?.text ?? '' };
  // The worst first: shortening keeps a text from the top.
  const order = judged.toSorted((a, b) => rank(a.verdict) - rank(b.verdict));
  const note = `<sub>${String(variants.length)} variants, each judged at a confidence of ${confidence.toPrecision(4)}, so that the whole report keeps ${String(options.confidence)}.</sub>`;
  return { verdict, markdown: `${severalVariants(order)}\n\n${note}` };
}

function rank(verdict: Verdict): number {
  const order: readonly Verdict[] = ['missing', 'regression', 'incomparable', 'cannotTell', 'noBaseline'];
  const found = order.indexOf(verdict);
  return found === -1 ? order.length : found;
}
