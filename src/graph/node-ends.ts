import type { GraphNode } from './graph-def.ts';
import type { Program } from './program.ts';

/** One end of an edge: `name:1`, or `name` for output 0. */
export interface NodeEnd {
  readonly node: string;
  readonly output: number;
}

/** The data inputs of a node, in order. */
export function dataInputs(node: GraphNode): readonly NodeEnd[] {
  let ends = parsed.get(node);
  if (ends === undefined) {
    ends = node.inputs.filter((input) => !input.startsWith('^')).map(endOf);
    parsed.set(node, ends);
  }
  return ends;
}

/** A simulation asks several times for each node. */
const parsed = new WeakMap<GraphNode, readonly NodeEnd[]>();

/** The nodes that must have run before `node`, those it only waits for included. */
export function predecessors(node: GraphNode): string[] {
  return [...new Set(node.inputs.map((input) => endOf(input.replace(/^\^/, '')).node))];
}

/** The nodes that a run that asks for `fetches` executes, in trace order, which is a topological one. */
export function neededNodes({ graph }: Program, fetches: readonly string[]): GraphNode[] {
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const needed = new Set<string>();
  const open = [...fetches];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = byName.get(name);
    if (node === undefined) throw new Error(`the graph has no node ${name}`);
    if (needed.has(name)) continue;
    needed.add(name);
    open.push(...predecessors(node));
  }
  return graph.nodes.filter(({ name }) => needed.has(name));
}

function endOf(input: string): NodeEnd {
  const match = /^(.*):(\d+)$/.exec(input);
  return match === null ? { node: input, output: 0 } : { node: match[1]!, output: Number(match[2]) };
}
