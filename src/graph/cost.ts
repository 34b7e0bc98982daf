import { BfcAllocator } from './bfc-allocator.ts';
import { HeapAllocator } from './heap-allocator.ts';
import { memoryOf } from './memory.ts';
import type { MemoryUse } from './memory.ts';
import type { GraphNode } from './graph-def.ts';
import { neededNodes } from './node-ends.ts';
import { workOf } from './node-work.ts';
import type { Program } from './program.ts';
import { sizeOf } from './tf-types.ts';

export interface RunWork {
  /** Multiplications and additions of matrix products, by operation. */
  readonly flop: Readonly<Record<string, number>>;
  /** Of all matrix products together. */
  readonly totalFlop: number;
  /** Elements that other operations go over, by operation; no matrix unit works on them. */
  readonly elements: Readonly<Record<string, number>>;
}

export interface SessionMemory extends MemoryUse {
  /** What the session's variables hold before, during and after the run. */
  readonly variableBytes: number;
  /** What the process needs beside tensors to hold and run the graph. */
  readonly processBytes: number;
}

export interface RunCost extends RunWork, SessionMemory {}

export interface MemoryOptions {
  /** Decides the allocator. Default `cpu`. */
  readonly device?: 'cpu' | 'gpu';
  /** Threads that run operations beside each other on a CPU. Default: 1, as `loadEngine` sets it. */
  readonly workers?: number;
}

/** What one run that asks for `fetches` computes, from the graph alone. */
export function workOfRun(program: Program, fetches: readonly string[]): RunWork {
  const nodes = neededNodes(program, fetches);
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const flop: Record<string, number> = {};
  const elements: Record<string, number> = {};
  for (const node of nodes) {
    const { matrixFlop, elements: count } = workOf(node, byName);
    if (matrixFlop > 0) flop[node.op] = (flop[node.op] ?? 0) + matrixFlop;
    if (count > 0) elements[node.op] = (elements[node.op] ?? 0) + count;
  }
  return { flop, totalFlop: sum(flop), elements };
}

/**
 * What a session holds at most while it repeats `runs`, each given by its fetches.
 * @throws Error when a fetch is no node of the graph
 */
export function memoryOfRuns(
  program: Program,
  runs: readonly (readonly string[])[],
  options: MemoryOptions = {},
): SessionMemory {
  const planned = runs.map((fetches) => ({ fetches, nodes: neededNodes(program, fetches) }));
  const byName = new Map(program.graph.nodes.map((node) => [node.name, node]));
  const work = new Map<GraphNode, number>();
  const seconds = (node: GraphNode): number => {
    let known = work.get(node);
    if (known === undefined) {
      const { matrixFlop, bytes } = workOf(node, byName);
      known = matrixFlop / FLOP_PER_SECOND + bytes / BYTES_PER_SECOND + OVERHEAD_SECONDS;
      work.set(node, known);
    }
    return known;
  };
  const variables = [...program.variables.values()].map(({ shape }) => shape);
  const variableBytes = variables.reduce((total, shape) => total + 4 * sizeOf(shape), 0);
  const gpu = options.device === 'gpu';
  return {
    variableBytes,
    processBytes: SESSION_BYTES + NODE_BYTES * program.graph.nodes.length,
    ...memoryOf(
      planned,
      variables,
      // A GPU's kernels are all queued by one thread.
      {
        workers: gpu ? 1 : (options.workers ?? 1),
        expensiveSeconds: gpu ? Infinity : EXPENSIVE_SECONDS,
        seconds,
      },
      gpu ? new BfcAllocator() : new HeapAllocator(),
    ),
  };
}

/** Work of one run, and memory of a session that repeats it alone. */
export function costOf(program: Program, fetches: readonly string[], options: MemoryOptions = {}): RunCost {
  return { ...workOfRun(program, fetches), ...memoryOfRuns(program, [fetches], options) };
}

/** Measured on the steps of `benchmarks/plan`: TensorFlow's session, oneDNN's buffers, growth of Node's heap… */
const SESSION_BYTES = 25e6;
/** …and for each node its definitions, kernel and executor state, the graph optimizer's copies among them. */
const NODE_BYTES = 7000;

/** 8000 cycles (`kOpIsExpensiveThresholdCycles` in TensorFlow's executor) at 3 GHz. */
const EXPENSIVE_SECONDS = 8000 / 3e9;
/** Rates of an ordinary desktop core pair; only the order of execution depends on them. */
const FLOP_PER_SECOND = 1e11;
const BYTES_PER_SECOND = 1e10;
const OVERHEAD_SECONDS = 1e-6;

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}
