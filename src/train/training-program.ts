import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { attribute } from '../graph/graph-def.ts';
import { after, fill } from '../graph/ops.ts';
import type { Precision } from '../graph/ops.ts';
import { trace } from '../graph/program.ts';
import type { Effect, Program, Trace, Variable } from '../graph/program.ts';
import { TF } from '../graph/tf-types.ts';
import type { ModelConfig } from '../model/config.ts';
import type { Recompute } from '../model/decoder.ts';
import { parametersOf } from '../model/parameters.ts';
import { adamW } from './adamw.ts';
import type { AdamWSettings, Trainable } from './adamw.ts';
import { heldGradient } from './gradient.ts';
import type { Gradient } from './gradient.ts';
import { lossAndGradients, lossOnly, weightsOf } from './loss-gradients.ts';

/** Everything that the graph of a training step depends on. */
export interface TrainingShape {
  readonly config: ModelConfig;
  /** Tokens in a sequence, T. */
  readonly sequenceLength: number;
  /** Sequences in a micro-batch, B. */
  readonly microBatch: number;
  /** Micro-batches in an optimizer step. */
  readonly accumulate: number;
  readonly precision: Precision;
  readonly optimizer: AdamWSettings;
  /** Default `none`. */
  readonly recompute?: Recompute | undefined;
  /** Tokens whose logits are held at once; default 256. */
  readonly lossChunk?: number | undefined;
}

/** Outputs of the training program. Those of a loss give the micro-batch's mean in nats. */
export const FETCH = {
  /** No side effects. */
  loss: 'loss',
  /** The first micro-batch of several: its gradient becomes the accumulated one. */
  first: 'loss_first',
  /** A later one: its gradient is added. */
  more: 'loss_more',
  /** The last (or only) one: adds its gradient and updates the weights. */
  update: 'loss_update',
  /** No loss: sets the moments to zero, which is to be fed as `zero`. */
  zeroMoments: 'zero_moments',
  /** No loss: frees the memory of weights and moments, which have no values then until they are assigned. */
  free: 'free',
  /** Norm of the averaged gradients before clipping; to be fetched with `update`. */
  gradientNorm: 'gradient_norm',
} as const;

export const firstMomentName = (parameter: string): string => `adam.m/${parameter}`;
export const secondMomentName = (parameter: string): string => `adam.v/${parameter}`;

/**
 * The graph of a training step: forward, backward and update in one run a micro-batch.
 * Gradients never leave the session; with several micro-batches they are summed in variables.
 */
export function traceTraining(shape: TrainingShape): Program {
  return trace((t) => {
    const size = [shape.microBatch, shape.sequenceLength];
    const ids = t.placeholder('ids', size, 'int32'); // [B, T]
    const targets = t.placeholder('targets', size, 'int32'); // [B, T]
    const variables = parametersOf(shape.config).map(({ name, shape: dims }) => t.variable(name, dims));
    const labels = targets.reshape([targets.size]); // [B·T]
    const weights = weightsOf(variables.map(({ name, value }) => [name, value]));
    const sums =
      shape.accumulate === 1 ? [] : variables.map(({ name, shape }) => t.variable(`gradient/${name}`, shape));
    // Their handles first: the executor would get to those when all gradients are there, and hold them until then.
    const read = after(ids, ...sums.map(({ handle }) => ({ node: handle })));
    const { loss, gradients: grads } = lossAndGradients(shape, weights, read, labels);
    // Traced apart: the training loss computes its gradient along the way, which a validation would pay for.
    t.fetch(FETCH.loss, lossOnly(shape, weights, ids, labels));
    const inOrder = variables.map(({ name }) => grads[name] as Gradient);
    const gradients = shape.accumulate === 1 ? inOrder : accumulated(t, sums, inOrder, loss);
    const trainables = variables.map((weight, i): Trainable => ({
      weight,
      firstMoment: t.variable(firstMomentName(weight.name), weight.shape),
      secondMoment: t.variable(secondMomentName(weight.name), weight.shape),
      gradient: gradients[i] as Gradient,
    }));
    const scalar = (name: string): Tensor => t.placeholder(name, [], 'float32');
    const scalars = {
      learningRate: scalar('learningRate'),
      beta1Power: scalar('beta1Power'),
      beta2Power: scalar('beta2Power'),
      epsilon: scalar('epsilon'),
    };
    const { effects, gradientNorm } = adamW(t, trainables, scalars, {
      ...shape.optimizer,
      accumulate: shape.accumulate,
    });
    t.fetch(FETCH.update, loss, effects);
    t.fetch(FETCH.gradientNorm, gradientNorm);
    const zero = t.placeholder('zero', [], 'float32');
    t.fetch(
      FETCH.zeroMoments,
      tf.scalar(0),
      zeroed(
        t,
        trainables.flatMap(({ firstMoment, secondMoment }) => [firstMoment, secondMoment]),
        zero,
      ),
    );
    const kept = trainables.flatMap(({ weight, firstMoment, secondMoment }) => [
      weight,
      firstMoment,
      secondMoment,
    ]);
    const freed = kept.map((variable) => t.effect('DestroyResourceOp', [variable]));
    t.fetch(FETCH.free, tf.scalar(0), freed);
  });
}

/**
 * Adds gradients to the variables `sums`, each as soon as it is there: neither a second sum nor all gradients of a micro-batch
 * are held.
 */
function accumulated(
  t: Trace,
  sums: readonly Variable[],
  gradients: readonly Gradient[],
  loss: Tensor,
): Gradient[] {
  const grads = gradients.map((gradient) => gradient.dense());
  const each = (op: string) =>
    sums.map((sum, i) => t.effect(op, [sum, grads[i]!], { dtype: attribute.type(TF.FLOAT) }));
  const added = each('AssignAddVariableOp');
  t.fetch(FETCH.first, loss, each('AssignVariableOp'));
  t.fetch(FETCH.more, loss, added);
  return sums.map((sum, i) => heldGradient(t.read(sum, [added[i]!])));
}

/**
 * Sets variables to zero. Fed, because TensorFlow would keep zeros that it can compute beforehand as long as the session
 * lives. One after the other, because it would make those of equal shape once, let their variables share them, and copy them
 * in the first step's update, into gaps between activations that the second step's then do not fit.
 */
function zeroed(t: Trace, variables: readonly Variable[], zero: Tensor): Effect[] {
  const effects: Effect[] = [];
  for (const variable of variables) {
    const value = fill(variable.shape, after(zero, ...effects.slice(-1)));
    effects.push(t.effect('AssignVariableOp', [variable, value], { dtype: attribute.type(TF.FLOAT) }));
  }
  return effects;
}
