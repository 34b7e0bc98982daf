import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { linearCrossEntropy, linearCrossEntropyValue } from '../graph/fused/linear-cross-entropy.ts';
import { addToRows } from '../graph/ops.ts';
import type { Precision } from '../graph/ops.ts';
import type { ModelConfig } from '../model/config.ts';
import { headOf, hiddenStates, tokenVectors, weightOf } from '../model/decoder.ts';
import type { Recompute, Weights } from '../model/decoder.ts';
import { EMBEDDING } from '../model/parameters.ts';
import { lookupGradient, tensorGradient } from './gradient.ts';
import type { Gradient } from './gradient.ts';

interface LossOptions {
  readonly config: ModelConfig;
  readonly precision: Precision;
  readonly recompute?: Recompute | undefined;
  /** Tokens whose logits are held at once; default 256. */
  readonly lossChunk?: number | undefined;
}

const LOSS_CHUNK = 256;

/**
 * Mean loss in nats of ids [B, T] with labels [B·T], and its gradients with respect to all weights, by name.
 * The embedding is a lookup, whose gradient is taken with respect to the rows looked up: as a tensor of its own it would
 * need another [V, D]. Where the head is tied, the rows are added to the head's.
 */
export function lossAndGradients(
  options: LossOptions,
  weights: Weights,
  ids: Tensor,
  labels: Tensor,
): { loss: Tensor; gradients: Readonly<Record<string, Gradient>> } {
  const { config } = options;
  const table = EMBEDDING[config.family];
  const names = Object.keys(weights).filter((name) => config.tiedHead || name !== table);
  const { value: loss, grads } = tf.valueAndGrads((embedded: Tensor, ...values: Tensor[]) => {
    const given = { ...weights, ...weightsOf(names.map((name, i) => [name, values[i] as Tensor])) };
    const { hidden, head } = forward(options, given, ids, embedded);
    const { precision, lossChunk = LOSS_CHUNK } = options;
    return linearCrossEntropy(hidden, head, labels, { precision, chunk: lossChunk });
  })([tokenVectors(config, weights, ids), ...names.map((name) => weightOf(weights, name))]);
  const [ofTokens, ...others] = grads as [Tensor, ...Tensor[]];
  const flat = ids.reshape([ids.size]);
  const gradients = Object.fromEntries(
    names.map((name, i) => {
      const direct = others[i] as Tensor;
      return [name, tensorGradient(name === table ? addToRows(direct, flat, ofTokens) : direct)];
    }),
  );
  if (!config.tiedHead) gradients[table] = lookupGradient(ofTokens, flat, config.vocabulary);
  return { loss, gradients };
}

/** The same loss without the work for gradients. */
export function lossOnly(options: LossOptions, weights: Weights, ids: Tensor, labels: Tensor): Tensor {
  const embedded = tokenVectors(options.config, weights, ids);
  const { hidden, head } = forward({ ...options, recompute: 'none' }, weights, ids, embedded);
  return linearCrossEntropyValue(hidden, head, labels, options.precision);
}

export function weightsOf(entries: readonly (readonly [name: string, value: Tensor])[]): Weights {
  return Object.fromEntries(entries);
}

/** Hidden states [B·T, D] and the head's matrix [V, D] from the weights and the embedded tokens [B·T, D]. */
function forward(
  { config, precision, recompute }: LossOptions,
  weights: Weights,
  ids: Tensor,
  embedded: Tensor,
): { hidden: Tensor; head: Tensor } {
  const options = { precision, recompute, layout: { kind: 'plain' }, tokenVectors: embedded } as const;
  return { hidden: hiddenStates(config, weights, ids, options), head: headOf(config, weights) };
}
