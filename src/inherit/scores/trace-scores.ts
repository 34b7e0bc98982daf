import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { singularValues } from '../../graph/ops.ts';
import { trace } from '../../graph/program.ts';
import type { Program } from '../../graph/program.ts';
import type { ModelConfig } from '../../model/config.ts';
import { hiddenStates } from '../../model/decoder.ts';
import { parametersOf } from '../../model/parameters.ts';

/** What the graph gives for each block: three scalars, then singular values and squared column norms of the heads, both [H, T]. */
export const BLOCK_OUTPUTS = [
  'influence',
  'residualNorm',
  'firstToken',
  'singularValues',
  'columns',
] as const;

/** Name of one of them. */
export function outputName(output: (typeof BLOCK_OUTPUTS)[number], block: number): string {
  return `${output}_${block}`;
}

/** A graph that is fed `ids` [1, T] and gives the `BLOCK_OUTPUTS` of every block. The model's head is not part of it. */
export function traceScores(config: ModelConfig, length: number): Program {
  return trace((t) => {
    const weights = Object.fromEntries(
      parametersOf(config).map(({ name, shape }) => [name, t.variable(name, shape).value]),
    );
    const ids = t.placeholder('ids', [1, length], 'int32');
    const observer = {
      attention(block: number, grouped: Tensor): void {
        const attention = grouped.reshape([config.heads, length, length]); // [H, T, T], a row is a query
        t.fetch(outputName('singularValues', block), singularValues(attention));
        t.fetch(outputName('columns', block), tf.sum(tf.square(attention), 1));
        // The first token can look at nothing but itself.
        const first = tf.slice(attention, [0, 1, 0], [config.heads, length - 1, 1]);
        t.fetch(outputName('firstToken', block), tf.mean(first));
      },
      block(block: number, input: Tensor, output: Tensor): void {
        // 1 - cos of two vectors is half the squared distance of their directions, and that has all digits where cos is near 1.
        const turned = tf.sum(tf.squaredDifference(direction(input), direction(output)), 1); // [T]
        t.fetch(outputName('influence', block), tf.mul(tf.mean(turned), 0.5));
        t.fetch(outputName('residualNorm', block), tf.mean(lengths(output)));
      },
    };
    hiddenStates(config, weights, ids, { precision: 'float32', layout: { kind: 'plain' }, observer });
  });
}

/** [N, D] to [N, 1] */
function lengths(x: Tensor): Tensor {
  return tf.sqrt(tf.sum(tf.square(x), 1, true));
}

/** Rows of length 1. A row of zeros stays: its influence is then 1/2, as in ShortGPT's code. */
function direction(x: Tensor): Tensor {
  return tf.div(x, tf.maximum(lengths(x), 1e-30));
}
