import type { TensorAllocator } from './heap-allocator.ts';
import { playExecution } from './executor-order.ts';
import type { ExecutorModel } from './executor-order.ts';
import type { GraphNode, NodeOutput } from './graph-def.ts';
import { isView, mayWriteOver } from './kernel-memory.ts';
import { dataInputs } from './node-ends.ts';
import { bytesPerElement, sizeOf } from './tf-types.ts';
import type { Shape } from './tf-types.ts';

export interface MemoryUse {
  /** Largest sum of bytes alive at one time beside the variables; copies of variables that an update makes are in it. */
  readonly peakBytes: number;
  /** What TensorFlow's allocator holds in the end for variables and values, gaps between them included. */
  readonly poolBytes: number;
  /** The operation during which it is reached. */
  readonly peakNode: string;
  /** Constants of the graph: they stay as long as the session. */
  readonly constantBytes: number;
}

export interface PlannedRun {
  readonly nodes: readonly GraphNode[];
  readonly fetches: readonly string[];
}

interface Buffer {
  readonly bytes: number;
  /** What the allocator gave for it; undefined where the memory is somebody else's. */
  readonly chunk: object | undefined;
  /** Inputs of operations still to run, and variables, that hold it. */
  references: number;
}

/**
 * Memory of one run: values live from their operation's start to the end of the last one that reads them, in the order
 * in which TensorFlow's executor would run them. Reading a variable copies nothing, but an update of a variable whose old
 * value is still to be read copies it first (`PrepareToUpdateVariable` in `core/kernels/training_op_helpers.h`).
 */
export function memoryOf(
  runs: readonly PlannedRun[],
  variables: readonly Shape[],
  model: ExecutorModel,
  allocator: TensorAllocator,
): MemoryUse {
  const simulation = new MemorySimulation(variables, allocator);
  for (let round = 0; round < ROUNDS; round++) {
    for (const { nodes, fetches } of runs) {
      simulation.beginRun(nodes, fetches);
      playExecution(nodes, model, simulation);
      simulation.endRun(fetches);
    }
  }
  return simulation.use();
}

/** The second round meets the gaps that the first one left. */
const ROUNDS = 2;

class MemorySimulation {
  private byName: ReadonlyMap<string, GraphNode> = new Map();
  /** Number of inputs of other operations that an output goes to. */
  private readonly readers = new Map<string, number>();
  private readonly buffers = new Map<string, Buffer>();
  /** What each variable holds now, by the name of its handle. */
  private readonly variables = new Map<string, Buffer>();
  private live = 0;
  private peak = { bytes: 0, node: '' };
  private readonly constants = new Map<string, number>();
  private readonly pool: TensorAllocator;

  constructor(variables: readonly Shape[], allocator: TensorAllocator) {
    this.pool = allocator;
    variables.forEach((shape, index) => {
      const bytes = 4 * sizeOf(shape);
      this.variables.set(`variable_${index}`, { bytes, chunk: this.pool.allocate(bytes), references: 1 });
    });
  }

  beginRun(nodes: readonly GraphNode[], fetches: readonly string[]): void {
    this.byName = new Map(nodes.map((node) => [node.name, node]));
    this.readers.clear();
    this.buffers.clear();
    const read = (key: string): void => {
      this.readers.set(key, (this.readers.get(key) ?? 0) + 1);
    };
    for (const node of nodes)
      for (const { node: name, output } of dataInputs(node)) read(`${name}:${output}`);
    for (const name of fetches) read(`${name}:0`);
  }

  use(): MemoryUse {
    const { bytes: peakBytes, node: peakNode } = this.peak;
    const constantBytes = [...this.constants.values()].reduce((a, b) => a + b, 0);
    return { peakBytes, peakNode, constantBytes, poolBytes: this.pool.heldBytes };
  }

  endRun(fetches: readonly string[]): void {
    for (const name of fetches) this.release(this.buffers.get(`${name}:0`));
  }

  start(node: GraphNode): void {
    switch (node.op) {
      case 'VarHandleOp':
        return;
      case 'ReadVariableOp':
        this.hold(node, 0, this.variable(node.inputs[0] ?? ''));
        return;
      case 'Const':
        this.hold(node, 0, { bytes: 0, chunk: undefined, references: 1 });
        this.constants.set(node.name, bytesOf(node.outputs[0]));
        return;
      case 'Placeholder':
        // Fed tensors stay with the caller.
        this.hold(node, 0, { bytes: 0, chunk: undefined, references: 1 });
        return;
    }
    this.updateVariables(node);
    const taken = new Set<Buffer>();
    node.outputs.forEach((output, index) => {
      const shared = this.sharedWith(node, index, output, taken);
      if (shared !== undefined) taken.add(shared);
      this.hold(node, index, shared ?? this.allocate(bytesOf(output), node));
    });
  }

  finish(node: GraphNode): void {
    const inputs = dataInputs(node).map((end) => this.buffers.get(`${end.node}:${end.output}`));
    if (node.op === 'AssignVariableOp') this.assignVariable(node, inputs[1]);
    for (const buffer of inputs) this.release(buffer);
    // Held by its own operation while that ran.
    node.outputs.forEach((_, index) => {
      this.release(this.buffers.get(`${node.name}:${index}`));
    });
  }

  /** The variable takes the value's memory over. */
  private assignVariable(node: GraphNode, value: Buffer | undefined): void {
    const handle = dataInputs(node)[0]?.node ?? '';
    // A constant or fed value has no memory of its own here, and the variable's is as large.
    if (value === undefined || value.bytes === 0) return;
    value.references++;
    this.release(this.variable(handle));
    this.variables.set(handle, value);
  }

  /** Gives an output its memory, held once for each reader, and by the operation itself while it runs. */
  private hold(node: GraphNode, output: number, buffer: Buffer): void {
    const key = `${node.name}:${output}`;
    buffer.references += (this.readers.get(key) ?? 0) + 1;
    this.buffers.set(key, buffer);
  }

  private release(buffer: Buffer | undefined): void {
    if (buffer === undefined) return;
    buffer.references--;
    if (buffer.references > 0) return;
    this.live -= buffer.bytes;
    if (buffer.chunk !== undefined) this.pool.release(buffer.chunk);
  }

  private allocate(bytes: number, node: GraphNode): Buffer {
    this.live += bytes;
    if (this.live > this.peak.bytes) this.peak = { bytes: this.live, node: node.name };
    return { bytes, chunk: this.pool.allocate(bytes), references: 0 };
  }

  /** The input whose memory an output takes over, if there is one. */
  private sharedWith(
    node: GraphNode,
    index: number,
    output: NodeOutput,
    taken: ReadonlySet<Buffer>,
  ): Buffer | undefined {
    const inputs = dataInputs(node).map((end) => this.buffers.get(`${end.node}:${end.output}`));
    if (isView(node, this.inputOf(node))) return inputs[0];
    if (!mayWriteOver(node, index)) return undefined;
    return inputs.find(
      (buffer) =>
        buffer?.references === 1 &&
        buffer.bytes > 0 &&
        buffer.bytes === bytesOf(output) &&
        !taken.has(buffer),
    );
  }

  private inputOf(node: GraphNode): NodeOutput | undefined {
    const end = dataInputs(node)[0];
    return end === undefined ? undefined : this.byName.get(end.node)?.outputs[end.output];
  }

  private updateVariables(node: GraphNode): void {
    if (node.op === 'AssignVariableOp') return;
    for (const { node: name } of dataInputs(node)) {
      if (this.byName.get(name)?.op !== 'VarHandleOp') continue;
      const buffer = this.variable(name);
      if (buffer.references === 1) continue;
      const copy = this.allocate(buffer.bytes, node);
      copy.references = 1;
      this.release(buffer);
      this.variables.set(name, copy);
    }
  }

  private variable(handle: string): Buffer {
    const buffer = this.variables.get(handle);
    if (buffer === undefined) throw new Error(`the graph has no variable ${handle}`);
    return buffer;
  }
}

function bytesOf(output: NodeOutput | undefined): number {
  return output === undefined ? 0 : bytesPerElement[output.type] * sizeOf(output.shape);
}
