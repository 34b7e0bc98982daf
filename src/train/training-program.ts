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
import { tensorGradient } from './gradient.ts';
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
    const { loss, gradients: grads } = lossAndGradients(shape, weights, ids, labels);
    // Traced apart: the training loss computes its gradient along the way, which a validation would pay for.
    t.fetch(FETCH.loss, lossOnly(shape, weights, ids, labels));
    const inOrder = variables.map(({ name }) => grads[name] as Gradient);
    const gradients = shape.accumulate === 1 ? inOrder : accumulated(t, variables, inOrder, loss);
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
    // Fed, because TensorFlow would keep zeros that it can compute beforehand as long as the session lives. One after the other,
    // because it would make those of equal shape once, let their variables share them, and copy them in the first step's update,
    // into gaps between activations that the second step's then do not fit.
    const zero = t.placeholder('zero', [], 'float32');
    const zeroed: Effect[] = [];
    for (const { firstMoment, secondMoment } of trainables)
      for (const moment of [firstMoment, secondMoment]) {
        const value = fill(moment.shape, after(zero, ...zeroed.slice(-1)));
        zeroed.push(t.effect('AssignVariableOp', [moment, value], { dtype: attribute.type(TF.FLOAT) }));
      }
    t.fetch(FETCH.zeroMoments, tf.scalar(0), zeroed);
  });
}

/** Sums gradients of earlier micro-batches in variables, and returns those sums with this micro-batch's added. */
function accumulated(
  t: Trace,
  variables: readonly Variable[],
  gradients: readonly Gradient[],
  loss: Tensor,
): Gradient[] {
  const dtype = { dtype: attribute.type(TF.FLOAT) };
  const grads = gradients.map((gradient) => gradient.dense());
  const sums = variables.map((variable) => t.variable(`gradient/${variable.name}`, variable.shape));
  const each = (op: string) => sums.map((sum, i) => t.effect(op, [sum, grads[i] as Tensor], dtype));
  t.fetch(FETCH.first, loss, each('AssignVariableOp'));
  t.fetch(FETCH.more, loss, each('AssignAddVariableOp'));
  return sums.map((sum, i) => tensorGradient(tf.add(sum.value, grads[i] as Tensor)));
}
