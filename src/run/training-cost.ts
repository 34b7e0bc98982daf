import { memoryOfRuns, workOfRun } from '../graph/cost.ts';
import type { RunWork, SessionMemory } from '../graph/cost.ts';
import type { Program } from '../graph/program.ts';
import type { Recompute } from '../model/decoder.ts';
import { FETCH, traceTraining } from '../train/training-program.ts';
import type { TrainingShape } from '../train/training-program.ts';

export type PlannedShape = TrainingShape & { readonly recompute: Recompute };

/** What a traced training step costs; everything is found when it is first asked for. */
export class TrainingCost {
  readonly shape: PlannedShape;
  readonly traceSeconds: number;
  private readonly program: Program;
  private readonly memories = new Map<'cpu' | 'gpu', SessionMemory>();

  constructor(shape: PlannedShape) {
    const started = performance.now();
    this.shape = shape;
    this.program = traceTraining(shape);
    this.traceSeconds = (performance.now() - started) / 1000;
  }

  /** Work of one optimizer step: every micro-batch does the same matrix products. */
  work(): RunWork {
    const micro = workOfRun(this.program, UPDATE);
    const times = (counts: Readonly<Record<string, number>>): Record<string, number> =>
      Object.fromEntries(Object.entries(counts).map(([op, n]) => [op, n * this.shape.accumulate]));
    return {
      flop: times(micro.flop),
      elements: times(micro.elements),
      totalFlop: micro.totalFlop * this.shape.accumulate,
    };
  }

  /** FLOP of one optimizer step without what recomputing adds: the model's own, by which utilisation is usually given. */
  modelFlop(): number {
    if (this.shape.recompute === 'none') return this.work().totalFlop;
    return new TrainingCost({ ...this.shape, recompute: 'none' }).work().totalFlop;
  }

  memory(device: 'cpu' | 'gpu'): SessionMemory {
    let memory = this.memories.get(device);
    if (memory === undefined) {
      memory = memoryOfRuns(this.program, this.runs(), { device });
      this.memories.set(device, memory);
    }
    return memory;
  }

  /** The runs of one optimizer step that differ in memory. */
  private runs(): (readonly string[])[] {
    const { accumulate } = this.shape;
    if (accumulate === 1) return [UPDATE];
    return accumulate === 2 ? [[FETCH.first], UPDATE] : [[FETCH.first], [FETCH.more], UPDATE];
  }
}

const UPDATE = [FETCH.update, FETCH.gradientNorm];
