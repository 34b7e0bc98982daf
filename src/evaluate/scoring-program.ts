import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { argMaxRows, gatherRows } from '../graph/ops.ts';
import type { Precision } from '../graph/ops.ts';
import { trace } from '../graph/program.ts';
import type { Program, Trace } from '../graph/program.ts';
import type { ModelConfig } from '../model/config.ts';
import { hiddenStates, logits } from '../model/decoder.ts';
import type { Weights } from '../model/decoder.ts';
import { parametersOf } from '../model/parameters.ts';

/** A compiled size. Rows are padded up to it. */
export interface ScoringShape {
  /** Tokens in the row. */
  readonly tokens: number;
  /** Tokens whose logits are computed. */
  readonly scored: number;
  /** Log-probabilities read from them. */
  readonly targets: number;
}

export const shapeKey = ({ tokens, scored, targets }: ScoringShape): string =>
  `${tokens}_${scored}_${targets}`;

/**
 * One graph that scores packed rows of every given shape over the same weights. For shape key `k` it is fed
 * `ids_k`, `positions_k`, `ends_k` [tokens], `scored_k` [scored], `targetRow_k` and `target_k` [targets], and gives
 * `logProbability_k` [targets] in nats and `greedy_k` [targets], 1 where the target is the row's most probable token.
 */
export function traceScoring(
  config: ModelConfig,
  precision: Precision,
  shapes: readonly ScoringShape[],
): Program {
  return trace((t) => {
    const weights: Weights = Object.fromEntries(
      parametersOf(config).map(({ name, shape }) => [name, t.variable(name, shape).value]),
    );
    for (const shape of shapes) addShape(t, config, precision, weights, shape);
  });
}

function addShape(
  t: Trace,
  config: ModelConfig,
  precision: Precision,
  weights: Weights,
  shape: ScoringShape,
): void {
  const key = shapeKey(shape);
  const vector = (name: string, length: number): Tensor => t.placeholder(`${name}_${key}`, [length], 'int32');
  const row = (name: string): Tensor => vector(name, shape.tokens).reshape([1, shape.tokens]);
  const layout = { kind: 'tree', positions: row('positions'), ends: row('ends') } as const;
  const hidden = hiddenStates(config, weights, row('ids'), { precision, layout }); // [tokens, D]
  const needed = gatherRows(hidden, vector('scored', shape.scored)); // [scored, D]
  const values = logits(config, weights, needed, precision); // [scored, V]
  const targetRow = vector('targetRow', shape.targets);
  const target = vector('target', shape.targets);
  const index = tf.add(tf.mul(targetRow, tf.scalar(config.vocabulary, 'int32')), target);
  const chosen = gatherRows(values.reshape([values.size]), index); // [targets]
  const normaliser = gatherRows(logSumExpRows(values), targetRow); // [targets]
  t.fetch(`logProbability_${key}`, tf.sub(chosen, normaliser));
  const best = gatherRows(argMaxRows(values), targetRow);
  t.fetch(`greedy_${key}`, tf.equal(best, target).toInt());
}

/** log Σ exp of each row [N, V], shifted by the row's maximum so that nothing overflows. */
function logSumExpRows(x: Tensor): Tensor {
  const top = tf.max(x, 1, true); // [N, 1]
  return tf.add(tf.log(tf.sum(tf.exp(tf.sub(x, top)), 1)), tf.squeeze(top, [1]));
}
