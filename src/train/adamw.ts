import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { attribute } from '../graph/graph-def.ts';
import { after } from '../graph/ops.ts';
import type { Effect, Trace, Variable } from '../graph/program.ts';
import { TF } from '../graph/tf-types.ts';
import type { Gradient } from './gradient.ts';

export interface AdamWSettings {
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  /** Decoupled (Loshchilov and Hutter, 2019), on tensors of two or more dimensions only. */
  readonly weightDecay: number;
  /** Gradients are scaled so that their global norm is at most this; 0 or null: never. */
  readonly clipNorm: number | null;
}

/** The numbers that change from step to step; fed as scalars. */
export interface AdamWScalars {
  readonly learningRate: Tensor;
  readonly beta1Power: Tensor;
  readonly beta2Power: Tensor;
  readonly epsilon: Tensor;
}

export interface Trainable {
  readonly weight: Variable;
  readonly firstMoment: Variable;
  readonly secondMoment: Variable;
  /** Sum of the micro-batches' gradients. */
  readonly gradient: Gradient;
}

/**
 * Host values of the scalars for optimizer step `step`, counted from 0.
 * TensorFlow's Adam adds ε to √v, PyTorch to √(v / (1-β₂ᵗ)): the same update with ε·√(1-β₂ᵗ).
 */
export function adamWScalarValues(
  step: number,
  learningRate: number,
  { betas: [beta1, beta2], epsilon }: AdamWSettings,
): Record<keyof AdamWScalars, Float32Array> {
  const beta2Power = beta2 ** (step + 1);
  const scalar = (value: number): Float32Array => new Float32Array([value]);
  return {
    learningRate: scalar(learningRate),
    beta1Power: scalar(beta1 ** (step + 1)),
    beta2Power: scalar(beta2Power),
    epsilon: scalar(epsilon * Math.sqrt(1 - beta2Power)),
  };
}

/**
 * AdamW as PyTorch computes it: average the gradients, clip by global norm, decay, update.
 * @returns the updates, and the global norm of the averaged gradients before clipping
 */
export function adamW(
  trace: Trace,
  trainables: readonly Trainable[],
  scalars: AdamWScalars,
  settings: AdamWSettings & { readonly accumulate: number },
): { effects: Effect[]; gradientNorm: Tensor } {
  const halfSquares = trainables.map(({ gradient }) => gradient.halfSquares());
  const sumNorm = tf.sqrt(tf.mul(tf.addN(halfSquares), 2));
  const gradientNorm = tf.div(sumNorm, settings.accumulate);
  const scale = gradientScale(gradientNorm, settings);
  const decay = tf.mul(scalars.learningRate, settings.weightDecay);
  // w·(1-d) - u = (w - u/(1-d))·(1-d): the decay needs as much memory as the weight, and comes last because the
  // gradient's is free by then.
  const beforeDecay = tf.div(scalars.learningRate, tf.sub(1, decay));
  // Not before all gradients are there: a weight changed while the backward pass still reads it has to be copied.
  const rateOfDecaying = after(beforeDecay, gradientNorm);
  const [beta1, beta2] = settings.betas.map((beta) => tf.scalar(beta)) as [Tensor, Tensor];
  const update = (
    { weight, firstMoment, secondMoment, gradient }: Trainable,
    waitFor: readonly Effect[],
  ): Effect => {
    const decays = settings.weightDecay > 0 && weight.shape.length >= 2;
    const updated = trace.effect(
      'ResourceApplyAdam',
      [
        ...[weight, firstMoment, secondMoment, scalars.beta1Power, scalars.beta2Power],
        ...[
          decays ? rateOfDecaying : scalars.learningRate,
          beta1,
          beta2,
          scalars.epsilon,
          gradient.dense(scale, waitFor),
        ],
      ],
      { T: float, use_locking: attribute.bool(false), use_nesterov: attribute.bool(false) },
    );
    if (!decays) return updated;
    const lost = tf.mul(trace.read(weight, [updated]), decay);
    return trace.effect('AssignSubVariableOp', [weight, lost], { dtype: float });
  };
  // Lazy gradients become tensors when the others' memory is free again, and one after the other.
  const [lazy, tensors] = [true, false].map((is) =>
    trainables.filter(({ gradient }) => gradient.isLazy === is),
  );
  const effects = tensors!.map((trainable) => update(trainable, []));
  let last: readonly Effect[] = [...effects];
  for (const trainable of lazy!) {
    last = [update(trainable, last)];
    effects.push(...last);
  }
  return { effects, gradientNorm };
}

const float = attribute.type(TF.FLOAT);

/** 1/accumulate times min(1, clip / (norm + 1e-6)), as `torch.nn.utils.clip_grad_norm_`; undefined where it is 1. */
function gradientScale(
  norm: Tensor,
  { clipNorm, accumulate }: AdamWSettings & { accumulate: number },
): Tensor | undefined {
  if (clipNorm !== null && clipNorm > 0) {
    const clip = tf.minimum(tf.div(clipNorm, tf.add(norm, 1e-6)), 1);
    return accumulate === 1 ? clip : tf.div(clip, accumulate);
  }
  return accumulate === 1 ? undefined : tf.scalar(1 / accumulate);
}
