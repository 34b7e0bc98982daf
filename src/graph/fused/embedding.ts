import type { Tensor } from '@tensorflow/tfjs';
import { gatherRows, segmentSum } from '../ops.ts';
import { gradients } from './gradients.ts';

/**
 * Rows of a table.
 * @param table [V, D]
 * @param ids [N] int32
 * @returns [N, D]; the gradient is summed over equal ids
 */
export function embedding(table: Tensor, ids: Tensor): Tensor {
  const rows = table.shape[0] as number;
  return gradients([table], ([table], save) => {
    save([]);
    return { value: gatherRows(table!, ids), gradient: (dy) => [segmentSum(dy, ids, rows)] };
  });
}
