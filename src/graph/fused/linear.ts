import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { matMul, toFloat32, toPrecision } from '../ops.ts';
import type { Precision } from '../ops.ts';
import { gradients } from './gradients.ts';
import { rebuildOf } from './rebuild.ts';

/** How a weight matrix is stored: `[out, in]` (PyTorch's Linear) or `[in, out]` (GPT-2's Conv1D). */
export type WeightLayout = 'outIn' | 'inOut';

/**
 * Matrix product with a weight, without bias.
 * @param x [N, in]
 * @param weight [out, in] or [in, out], by `layout`
 * @returns [N, out], float32; with bfloat16 the product and both products of its gradient take bfloat16 operands
 */
export function linear(x: Tensor, weight: Tensor, layout: WeightLayout, precision: Precision): Tensor {
  const rebuild = rebuildOf(x);
  return gradients([x, weight], ([x, weight], save) => {
    const [xs, ws] = [toPrecision(x!, precision), toPrecision(weight!, precision)];
    save([ws, ...(rebuild?.sources ?? [xs])]);
    return {
      value: weighted(xs, ws, layout, precision),
      gradient: (dy, [ws, ...kept]) => {
        const again = rebuild === undefined ? kept[0]! : toPrecision(rebuild.again(kept, dy), precision);
        return weightedGradients(dy, again, ws!, layout, precision);
      },
    };
  });
}

/** The product of `linear` alone, of operands in the precision's format. */
export function weighted(xs: Tensor, ws: Tensor, layout: WeightLayout, precision: Precision): Tensor {
  return toFloat32(matMul(xs, ws, { transposeB: layout === 'outIn' }), precision);
}

/** Gradients of `weighted` with respect to both operands, float32, from that of its value. */
export function weightedGradients(
  dy: Tensor,
  xs: Tensor,
  ws: Tensor,
  layout: WeightLayout,
  precision: Precision,
): [dx: Tensor, dw: Tensor] {
  const outIn = layout === 'outIn';
  const d = toPrecision(dy, precision);
  const dx = matMul(d, ws, { transposeB: !outIn });
  const dw = outIn ? matMul(d, xs, { transposeA: true }) : matMul(xs, d, { transposeA: true });
  return [toFloat32(dx, precision), toFloat32(dw, precision)];
}

/** Adds a bias [out] to [N, out]. */
export function addBias(x: Tensor, bias: Tensor): Tensor {
  return gradients([x, bias], ([x, bias], save) => {
    save([]);
    return { value: tf.add(x!, bias!), gradient: (dy) => [dy, tf.sum(dy, 0)] };
  });
}
