import type { GraphNode } from './graph-def.ts';
import type { Program } from './program.ts';
import { bytesPerElement, sizeOf } from './tf-types.ts';

export interface RunCost {
  /** Multiplications and additions of matrix products, by operation. */
  readonly flop: Readonly<Record<string, number>>;
  readonly totalFlop: number;
  /**
   * Largest sum of live intermediate values when operations run in trace order and each value is freed after its last
   * use. Variables are not in it.
   */
  readonly peakBytes: number;
}

/** Operations whose output is their input's memory. */
const VIEWS = new Set([
  'Reshape',
  'Identity',
  'ExpandDims',
  'ReadVariableOp',
  'StopGradient',
  'Const',
  'Placeholder',
]);

/** What one run that asks for `fetches` computes and holds; from the graph alone. */
export function costOf(program: Program, fetches: readonly string[]): RunCost {
  const nodes = neededNodes(program, fetches);
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const flop: Record<string, number> = {};
  for (const node of nodes) {
    const count = matrixFlop(node, byName);
    if (count > 0) flop[node.op] = (flop[node.op] ?? 0) + count;
  }
  return { flop, totalFlop: Object.values(flop).reduce((a, b) => a + b, 0), peakBytes: peakOf(nodes) };
}

/** The nodes that the fetches depend on, in trace order, which is a topological one. */
function neededNodes({ graph }: Program, fetches: readonly string[]): GraphNode[] {
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const needed = new Set<string>();
  const open = [...fetches];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    open.push(...(byName.get(name)?.inputs ?? []).map(nodeOf));
  }
  return graph.nodes.filter(({ name }) => needed.has(name));
}

/** `^name`, `name:1` and `name` are all outputs or ends of `name`. */
function nodeOf(input: string): string {
  return input.replace(/^\^/, '').replace(/:\d+$/, '');
}

/** 2·M·N·K of a product. */
function matrixFlop(node: GraphNode, byName: ReadonlyMap<string, GraphNode>): number {
  if (node.op !== 'MatMul' && node.op !== 'BatchMatMulV2') return 0;
  const output = node.outputs[0];
  const left = byName.get(nodeOf(node.inputs[0] ?? ''))?.outputs[0];
  if (output === undefined || left === undefined) return 0;
  const transposed = node.attributes[node.op === 'MatMul' ? 'transpose_a' : 'adj_x'];
  const inner = transposed?.kind === 'bool' && transposed.value ? left.shape.at(-2) : left.shape.at(-1);
  return 2 * sizeOf(output.shape) * (inner ?? 0);
}

function peakOf(nodes: readonly GraphNode[]): number {
  const owner = new Map<string, string>();
  const lastUse = new Map<string, number>();
  nodes.forEach((node, index) => {
    const source = node.inputs[0] === undefined ? undefined : owner.get(nodeOf(node.inputs[0]));
    owner.set(node.name, VIEWS.has(node.op) && source !== undefined ? source : node.name);
    for (const input of node.inputs)
      if (!input.startsWith('^')) lastUse.set(owner.get(nodeOf(input)) ?? '', index);
  });
  const bytes = (node: GraphNode): number =>
    VIEWS.has(node.op) || node.op === 'VarHandleOp'
      ? 0
      : node.outputs.reduce((sum, { type, shape }) => sum + bytesPerElement[type] * sizeOf(shape), 0);
  const frees = new Map<number, number>();
  let live = 0;
  let peak = 0;
  nodes.forEach((node, index) => {
    const size = bytes(node);
    live += size;
    peak = Math.max(peak, live);
    const last = lastUse.get(node.name) ?? index;
    frees.set(last, (frees.get(last) ?? 0) + size);
    live -= frees.get(index) ?? 0;
  });
  return peak;
}
