import type { Engine } from '../engine/load.ts';
import { Session } from '../graph/session.ts';
import type { Program } from '../graph/program.ts';
import { loadWeights } from '../model/load-weights.ts';
import type { Progress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { adamWScalarValues } from './adamw.ts';
import { FETCH, traceTraining } from './training-program.ts';
import type { TrainingShape } from './training-program.ts';

/** Token ids of a micro-batch, row-major [B, T]: what is read, and what follows each token. */
export interface Batch {
  readonly inputs: Int32Array;
  readonly targets: Int32Array;
}

export interface StepResult {
  /** Mean over the step's micro-batches, before the update. */
  readonly lossNats: number;
  /** Global norm of the averaged gradients, before clipping. */
  readonly gradientNorm: number;
}

/** A model being trained inside TensorFlow: weights, moments and gradients stay there. */
export class TrainingSession {
  readonly shape: TrainingShape;
  readonly program: Program;
  private readonly session: Session;

  private constructor(shape: TrainingShape, program: Program, session: Session) {
    this.shape = shape;
    this.program = program;
    this.session = session;
  }

  static async open(engine: Engine, shape: TrainingShape): Promise<TrainingSession> {
    const program = traceTraining(shape);
    return new TrainingSession(shape, program, await Session.open(engine.binding, program));
  }

  /** Starts from a checkpoint's weights, with moments of zero. */
  async start(checkpoint: Checkpoint, progress: Progress): Promise<void> {
    await loadWeights(this.session, this.shape.config, checkpoint, progress);
    this.session.run({ zero: new Float32Array(1) }, [FETCH.zeroMoments]);
  }

  /** One optimizer step, counted from 0, over `accumulate` micro-batches; each is read only when it is needed. */
  async step(
    step: number,
    learningRate: number,
    batch: (micro: number) => Promise<Batch>,
  ): Promise<StepResult> {
    const { accumulate, optimizer } = this.shape;
    let sum = 0;
    for (let micro = 0; micro < accumulate - 1; micro++) {
      const [loss] = this.session.run(feedOf(await batch(micro)), [micro === 0 ? FETCH.first : FETCH.more]);
      sum += loss![0]!;
    }
    const [loss, norm] = this.session.run(
      { ...feedOf(await batch(accumulate - 1)), ...adamWScalarValues(step, learningRate, optimizer) },
      [FETCH.update, FETCH.gradientNorm],
    );
    return { lossNats: (sum + loss![0]!) / accumulate, gradientNorm: norm![0]! };
  }

  /** Mean loss in nats of a batch; nothing changes. */
  loss(batch: Batch): number {
    return this.session.run(feedOf(batch), [FETCH.loss])[0]![0]!;
  }

  /** A weight or moment by its variable's name. */
  read(name: string): Float32Array {
    return this.session.read(name);
  }

  /** The same in pieces: see `Session.pieces`. */
  pieces(name: string): Generator<Float32Array> {
    return this.session.pieces(name);
  }

  /** Frees the memory of weights and moments; all of them must be assigned, or started anew, before the next step. */
  free(): void {
    this.session.run({}, [FETCH.free]);
  }

  assign(values: ReadonlyMap<string, Float32Array>): void {
    this.session.assign(values);
  }

  close(): void {
    this.session.close();
  }
}

function feedOf({ inputs, targets }: Batch): { ids: Int32Array; targets: Int32Array } {
  return { ids: inputs, targets };
}
