import { chooseShapes } from '../../src/evaluate/model-scorer.ts';
import { packRows } from '../../src/evaluate/pack-rows.ts';
import type { TokenRequest } from '../../src/evaluate/result.ts';

/** What the scorer would compute on a CPU. */
export function planned(requests: readonly TokenRequest[]): { computed: number; shapes: number } {
  const rows = packRows(requests, { rowTokens: 512, maxRowTokens: 2048 });
  return {
    computed: rows.reduce((sum, row) => sum + row.ids.length, 0),
    shapes: new Set(chooseShapes(rows).values()).size,
  };
}
