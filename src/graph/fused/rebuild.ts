import type { Tensor } from '@tensorflow/tfjs';
import { after } from '../ops.ts';

/** How to compute a value a second time. */
export interface Rebuild {
  /** Tensors that are kept for a gradient anyway. */
  readonly sources: readonly Tensor[];
  /**
   * The value again, from `sources` as they were saved, but not before `dy` is there: earlier, the executor would compute it during
   * the forward pass and keep it. Everybody gets the value that the first one asked for.
   */
  readonly again: (sources: readonly Tensor[], dy: Tensor) => Tensor;
}

const rebuilds = new WeakMap<Tensor, Rebuild>();

/**
 * Marks `f(sources)` as cheap: a function whose gradient needs it keeps the sources instead. For values that cost a pass over
 * memory, whose sources some other gradient keeps.
 */
export function rebuildable(
  value: Tensor,
  sources: readonly Tensor[],
  f: (sources: readonly Tensor[]) => Tensor,
): Tensor {
  let made: Tensor | undefined;
  rebuilds.set(value, {
    sources,
    again: ([first, ...rest], dy) => (made ??= f([after(first!, dy), ...rest])),
  });
  return value;
}

/** Undefined for a value that has to be kept. */
export function rebuildOf(value: Tensor): Rebuild | undefined {
  return rebuilds.get(value);
}
