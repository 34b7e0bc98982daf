import { InheritError } from './errors.ts';

/**
 * The blocks meant by `layers` in a model of `count`: the first k for a number, or the blocks of a list in the order given, which
 * become 0, 1, 2, … in the new model.
 */
export function chooseLayers(layers: number | readonly number[], count: number): number[] {
  if (typeof layers === 'number') {
    if (!Number.isInteger(layers) || layers < 1 || layers > count) {
      throw bad(
        `layers is ${layers}, but the model has ${count} blocks. Choose a whole number from 1 to ${count}.`,
      );
    }
    return Array.from({ length: layers }, (_, i) => i);
  }
  if (layers.length === 0)
    throw bad(`layers is an empty list. Name at least one of the blocks 0 to ${count - 1}.`);
  const odd = layers.find((index) => !Number.isInteger(index) || index < 0 || index >= count);
  if (odd !== undefined) {
    throw bad(
      `layers names block ${odd}, but the model has the ${count} blocks 0 to ${count - 1}. Choose among those.`,
    );
  }
  const twice = layers.find((index, position) => layers.indexOf(index) !== position);
  if (twice !== undefined) throw bad(`layers names block ${twice} twice. Name each block once.`);
  return [...layers];
}

function bad(message: string): InheritError {
  return new InheritError('bad-layers', message);
}
