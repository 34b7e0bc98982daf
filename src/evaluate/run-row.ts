import type { Session } from '../graph/session.ts';
import type { PackedRow } from './pack-rows.ts';
import type { Loglikelihood } from './result.ts';
import { shapeKey } from './scoring-program.ts';
import type { ScoringShape } from './scoring-program.ts';

/** What a row of this size asks the scoring program for. */
export function fetchesOf(shape: ScoringShape): [string, string] {
  const key = shapeKey(shape);
  return [`logProbability_${key}`, `greedy_${key}`];
}

/** Scores one row, padded to its compiled size, and gives the answers by request: all targets of a request are in one row. */
export function runRow(session: Session, row: PackedRow, shape: ScoringShape): Map<number, Loglikelihood> {
  const key = shapeKey(shape);
  const { tokens, scored, targets } = shape;
  const zero = (): number => 0;
  const [logProbability, greedy] = session.run(
    {
      [`ids_${key}`]: padded(row.ids, tokens, zero),
      [`positions_${key}`]: padded(row.positions, tokens, zero),
      // Padding sees only itself, and nothing sees it.
      [`ends_${key}`]: padded(row.ends, tokens, (i) => i + 1),
      [`scored_${key}`]: padded(row.scored, scored, zero),
      [`targetRow_${key}`]: padded(
        row.targets.map(({ at }) => at),
        targets,
        zero,
      ),
      [`target_${key}`]: padded(
        row.targets.map(({ target }) => target),
        targets,
        zero,
      ),
    },
    fetchesOf(shape),
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

function padded(values: readonly number[], length: number, filler: (index: number) => number): Int32Array {
  return Int32Array.from({ length }, (_, i) => values[i] ?? filler(i));
}
