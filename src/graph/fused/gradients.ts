import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';

/** A function with its own gradient, in the form the fused functions are written in. */
export type WithGradient = (
  inputs: readonly Tensor[],
  save: (tensors: readonly Tensor[]) => void,
) => {
  value: Tensor;
  /** Gradients with respect to every input, in order, from that of the value and what was saved. */
  gradient: (dy: Tensor, saved: readonly Tensor[]) => Tensor[];
};

/** tf.customGrad with types: its own are for a fixed number of arguments. */
export function gradients(inputs: readonly Tensor[], build: WithGradient): Tensor {
  const custom = tf.customGrad((...args: unknown[]) => {
    const save = args.at(-1) as (tensors: Tensor[]) => void;
    const { value, gradient } = build(args.slice(0, -1) as Tensor[], (tensors) => {
      save([...tensors]);
    });
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const result = gradient(dy, saved);
        return result.length === 1 ? (result[0] as Tensor) : result;
      },
    };
  });
  return custom(...inputs);
}
