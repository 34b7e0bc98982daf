import type { GraphNode } from './graph-def.ts';
import { predecessors } from './node-ends.ts';

/** What the order of execution is simulated for. */
export interface ExecutorModel {
  /** Threads that run operations beside each other (`inter_op_parallelism_threads`). */
  readonly workers: number;
  /** An operation at least this long is handed to another thread; GPU kernels never are. */
  readonly expensiveSeconds: number;
  /** Estimated duration of a node; only ratios matter. */
  readonly seconds: (node: GraphNode) => number;
}

/** What happens while a graph runs, in order of time. */
export interface ExecutorEvents {
  start(node: GraphNode): void;
  finish(node: GraphNode): void;
}

interface Worker {
  /** Cheap successors, run by the same thread one after another. */
  readonly inline: GraphNode[];
  /** Own task queue of the thread pool: own tasks are pushed and taken in front, others' come from behind. */
  readonly queue: GraphNode[];
  running: { readonly node: GraphNode; readonly until: number } | undefined;
}

/**
 * Plays the execution of a graph as TensorFlow's executor schedules it (`core/common_runtime/executor.cc`,
 * `ScheduleReady`; thread pool: Eigen's `NonBlockingThreadPool.h`): an operation runs as soon as its inputs are there,
 * whether or not anything needs its result soon. This decides how many values are alive at once, and is neither the order
 * of the trace nor the most frugal one.
 */
export function playExecution(
  nodes: readonly GraphNode[],
  model: ExecutorModel,
  events: ExecutorEvents,
): void {
  const pending = new Map<string, number>();
  const successors = new Map<string, GraphNode[]>();
  const workers: Worker[] = Array.from({ length: model.workers }, () => ({
    inline: [],
    queue: [],
    running: undefined,
  }));
  let roots = 0;
  for (const node of nodes) {
    const before = predecessors(node);
    pending.set(node.name, before.length);
    for (const name of before) {
      const list = successors.get(name);
      if (list === undefined) successors.set(name, [node]);
      else list.push(node);
    }
    if (before.length === 0) workers[roots++ % workers.length]!.queue.push(node);
  }

  const begin = (worker: Worker, now: number): void => {
    const node = worker.inline.shift() ?? worker.queue.shift() ?? steal(workers, worker);
    if (node === undefined) return;
    events.start(node);
    worker.running = { node, until: now + model.seconds(node) };
  };
  const end = (worker: Worker, node: GraphNode): void => {
    worker.running = undefined;
    events.finish(node);
    const ready = (successors.get(node.name) ?? []).filter(({ name }) => {
      const left = pending.get(name)! - 1;
      pending.set(name, left);
      return left === 0;
    });
    schedule(worker, ready, model);
  };

  let now = 0;
  for (;;) {
    for (const worker of workers) if (worker.running === undefined) begin(worker, now);
    const next = workers.filter(({ running }) => running !== undefined);
    if (next.length === 0) return;
    const first = next.reduce((a, b) => (b.running!.until < a.running!.until ? b : a));
    now = first.running!.until;
    end(first, first.running!.node);
  }
}

/** All but one of the long successors go to the pool, cheap ones stay with the thread. */
function schedule(worker: Worker, ready: readonly GraphNode[], model: ExecutorModel): void {
  let held: GraphNode | undefined;
  for (const node of ready) {
    if (model.seconds(node) < model.expensiveSeconds) worker.inline.push(node);
    else {
      if (held !== undefined) worker.queue.unshift(held);
      held = node;
    }
  }
  if (held === undefined) return;
  if (worker.inline.length === 0) worker.inline.push(held);
  else worker.queue.unshift(held);
}

function steal(workers: readonly Worker[], thief: Worker): GraphNode | undefined {
  return workers.find((worker) => worker !== thief && worker.queue.length > 0)?.queue.pop();
}
