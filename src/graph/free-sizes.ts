import { GraphError } from './graph-error.ts';
import { attribute } from './graph-def.ts';
import type { GraphDef, GraphNode } from './graph-def.ts';
import type { HostArray, Shape } from './tf-types.ts';

/**
 * Makes sizes free that a graph was traced with: its runs may have others, and none needs a graph of its own. A size is
 * recognised by its number, so it must be one that no other dimension is a multiple of.
 * What holds sizes are placeholders and the constants behind reshapes and slices; there a free size becomes -1, of which
 * TensorFlow allows one in each.
 * @throws GraphError where a size cannot be made free
 */
export function withFreeSizes(nodes: GraphDef['nodes'], sizes: readonly number[]): void {
  if (sizes.length === 0) return;
  const isFree = (size: number): boolean => sizes.some((free) => size >= free && size % free === 0);
  const byName = new Map(nodes.map((node, index) => [node.name, index]));
  const replace = (name: string, change: (values: readonly number[]) => number[]): void => {
    const index = byName.get(name)!;
    const node = nodes[index]!;
    const value = node.attributes['value'];
    if (node.op !== 'Const' || value?.kind !== 'tensor') throw cannot(node, 'its sizes are not constant');
    const values = Int32Array.from(change([...value.values]));
    nodes[index] = {
      ...node,
      attributes: { ...node.attributes, value: attribute.tensor(value.type, value.shape, values) },
    };
  };
  for (const [index, node] of nodes.entries()) {
    switch (node.op) {
      case 'VarHandleOp':
      case 'Placeholder': {
        const shape = node.attributes['shape'];
        if (shape?.kind !== 'shape') break;
        const open = shape.value.map((size) => (isFree(size) ? -1 : size));
        nodes[index] = { ...node, attributes: { ...node.attributes, shape: attribute.shape(open) } };
        break;
      }
      case 'Reshape':
        replace(node.inputs[1]!, (target) => {
          const open = target.map((size) => (isFree(size) ? -1 : size));
          if (open.filter((size) => size === -1).length > 1) throw cannot(node, 'it has two free sizes');
          return open;
        });
        break;
      case 'Slice':
        // A slice of a free size is one up to the end.
        replace(node.inputs[2]!, (size) => size.map((count) => (isFree(count) ? -1 : count)));
        break;
    }
  }
  for (const node of nodes) {
    const value = node.attributes['value'];
    if (node.op !== 'Const' || value?.kind !== 'tensor') continue;
    if (value.shape.some(isFree) || holdsFree(value.values, isFree))
      throw cannot(node, 'it holds a free size');
  }
}

/** Whether a session may be fed `length` values for a placeholder traced with `shape`. */
export function fitsFreeShape(shape: Shape, length: number, sizes: readonly number[]): Shape | undefined {
  const at = shape.findIndex((size) => sizes.includes(size));
  if (at < 0) return undefined;
  const others = shape.reduce((product, size, i) => (i === at ? product : product * size), 1);
  if (length % others !== 0) return undefined;
  return shape.map((size, i) => (i === at ? length / others : size));
}

function holdsFree(values: HostArray, isFree: (size: number) => boolean): boolean {
  return values instanceof Int32Array && values.some((value) => isFree(value));
}

function cannot(node: GraphNode, why: string): GraphError {
  return new GraphError('trace', `The operation ${node.name} (${node.op}) cannot have a free size: ${why}.`);
}
