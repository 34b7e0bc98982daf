import type { GraphNode } from './graph-def.ts';
import { dataInputs } from './node-ends.ts';
import { bytesPerElement, sizeOf } from './tf-types.ts';

/** What one execution of a node does. */
export interface NodeWork {
  /** 2·M·N·K for a matrix product, 0 for anything else. */
  readonly matrixFlop: number;
  /** Elements that any other operation goes over: of its largest input or output. 0 where it only passes memory on. */
  readonly elements: number;
  /** Bytes read and written. */
  readonly bytes: number;
}

/** Operations that compute nothing: their output is memory that was there before. */
const FREE = new Set([
  ...['Reshape', 'Identity', 'ExpandDims', 'Squeeze', 'StopGradient', 'PreventGradient'],
  ...['ReadVariableOp', 'VarHandleOp', 'Const', 'Placeholder', 'NoOp'],
]);

/** Work of a node, from the shapes that the trace found. */
export function workOf(node: GraphNode, byName: ReadonlyMap<string, GraphNode>): NodeWork {
  if (FREE.has(node.op)) return { matrixFlop: 0, elements: 0, bytes: 0 };
  const inputs = dataInputs(node).flatMap((end) => byName.get(end.node)?.outputs[end.output] ?? []);
  const values = [...inputs, ...node.outputs];
  const bytes = values.reduce((sum, { type, shape }) => sum + bytesPerElement[type] * sizeOf(shape), 0);
  const left = inputs[0]?.shape;
  const inner = left === undefined ? undefined : innerDimension(node, left);
  if (inner !== undefined)
    return { matrixFlop: 2 * sizeOf(node.outputs[0]!.shape) * inner, elements: 0, bytes };
  return { matrixFlop: 0, elements: Math.max(0, ...values.map(({ shape }) => sizeOf(shape))), bytes };
}

/** K of a product [.., M, K]·[.., K, N]; undefined for an operation that is none. */
function innerDimension({ op, attributes }: GraphNode, left: readonly number[]): number | undefined {
  const transposed = {
    MatMul: 'transpose_a',
    BatchMatMul: 'adj_x',
    BatchMatMulV2: 'adj_x',
    BatchMatMulV3: 'adj_x',
  }[op];
  if (transposed === undefined) return undefined;
  const attribute = attributes[transposed];
  return attribute?.kind === 'bool' && attribute.value ? left.at(-2) : left.at(-1);
}
