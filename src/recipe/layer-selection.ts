import type { InheritSection, LayerSelection } from './schema.ts';

/** Whether blocks are to be chosen by a score. */
export function isSelection(layers: InheritSection['layers'] | undefined): layers is LayerSelection {
  return typeof layers === 'object' && 'select' in layers;
}

/** Blocks for whatever depends on their number alone, such as a plan: the first ones in place of those still to be chosen. */
export function layersBeforeScoring(layers: InheritSection['layers']): number | readonly number[] {
  return isSelection(layers) ? layers.select.keep : layers;
}
