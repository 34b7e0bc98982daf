import { packRows } from '../../src/evaluate/pack-rows.ts';
import type { TokenRequest } from '../../src/evaluate/result.ts';

/** What the scorer would compute on a CPU. */
export function planned(requests: readonly TokenRequest[]): { computed: number; shapes: number } {
  const rows = packRows(requests, { rowTokens: 512, maxRowTokens: 2048 });
  return {
    computed: rows.reduce(
      (sum, row, i) => sum + row.ids.length + (row.context === rows[i - 1]?.context ? 0 : row.context.length),
      0,
    ),
    shapes: 1,
  };
}
