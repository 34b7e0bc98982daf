import type { Session } from '../graph/session.ts';
import type { PackedRow } from './pack-rows.ts';
import type { Loglikelihood } from './result.ts';
import { SCORING } from './scoring-program.ts';

/** Larger than any index: the context's tokens are ancestors of the whole row. */
const NEVER_ENDS = 2 ** 30;

/** Computes a context's keys and values, which the rows to come look at. An empty one is forgotten. */
export function keepContext(session: Session, context: readonly number[]): void {
  session.run({}, [SCORING.forget]);
  if (context.length === 0) return;
  const depths = context.map((_, depth) => depth);
  const ends = depths.map(() => NEVER_ENDS);
  session.run(tokensOf({ ids: context, positions: depths, ends }, 0), [SCORING.keep]);
}

/** Scores one row behind the kept context, and gives the answers by request: all targets of a request are in one row. */
export function runRow(session: Session, row: PackedRow): Map<number, Loglikelihood> {
  const [logProbability, greedy] = session.run(
    {
      ...tokensOf(row, row.context.length),
      scored: Int32Array.from(row.scored),
      targetRow: Int32Array.from(row.targets, ({ at }) => at),
      target: Int32Array.from(row.targets, ({ target }) => target),
    },
    [SCORING.logProbability, SCORING.greedy],
  );
  const results = new Map<number, Loglikelihood>();
  row.targets.forEach(({ request }, i) => {
    const sum = results.get(request) ?? { loglikelihood: 0, greedy: true };
    results.set(request, {
      loglikelihood: sum.loglikelihood + logProbability![i]!,
      greedy: sum.greedy && greedy![i] === 1,
    });
  });
  return results;
}

/** Feeds of T tokens behind `context` kept ones. Indices count from the context's first token. */
function tokensOf(
  { ids, positions, ends }: Pick<PackedRow, 'ids' | 'positions' | 'ends'>,
  context: number,
): Record<string, Int32Array> {
  return {
    ids: Int32Array.from(ids),
    positions: Int32Array.from(positions),
    queries: Int32Array.from(ids, (_, i) => context + i),
    keys: Int32Array.from({ length: context + ids.length }, (_, i) => i),
    ends: Int32Array.from({ length: context + ids.length }, (_, i) =>
      i < context ? NEVER_ENDS : context + ends[i - context]!,
    ),
  };
}
