import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { attribute } from '../graph/graph-def.ts';
import { after, argMaxRows, gatherRows } from '../graph/ops.ts';
import type { Precision } from '../graph/ops.ts';
import { trace } from '../graph/program.ts';
import type { Effect, Program, Trace, Variable } from '../graph/program.ts';
import { TF } from '../graph/tf-types.ts';
import type { Shape } from '../graph/tf-types.ts';
import type { ModelConfig } from '../model/config.ts';
import { hiddenStates, logits } from '../model/decoder.ts';
import type { KeptContext, Weights } from '../model/decoder.ts';
import { parametersOf } from '../model/parameters.ts';
import type { TreeLayout } from '../model/positions.ts';

/** How much a run computes. */
export interface RowSizes {
  /** Tokens in the row, T. */
  readonly tokens: number;
  /** Tokens of its context, whose keys and values the session keeps, P. */
  readonly context: number;
  /** Tokens whose logits are computed, S. */
  readonly scored: number;
  /** Log-probabilities read from them, R. */
  readonly targets: number;
}

/** Outputs of the scoring program. */
export const SCORING = {
  /** Log-probability of each target in nats, [R]. */
  logProbability: 'logProbability',
  /** 1 where the target is its token's most probable one, [R]. */
  greedy: 'greedy',
  /** Keeps the row's keys and values as the context of the rows to come. */
  keep: 'keep',
  /** Leaves an empty context. */
  forget: 'forget',
} as const;

/**
 * The graph that scores packed rows of any size. It is fed `ids`, `positions`, `queries` [T], `keys`, `ends` [P + T] (see
 * `TreeLayout`), and, for scores, `scored` [S], `targetRow` and `target` [R].
 * @param depth more than any position
 */
export function traceScoring(config: ModelConfig, precision: Precision, depth: number): Program {
  const sizes = distinctSizes(config);
  return traceRows(config, precision, { sizes, depth }, [...numbers(sizes), sizes.context + sizes.tokens]);
}

/** Sizes that no dimension of the model is a multiple of, so that each is recognised in the graph. */
function distinctSizes(config: ModelConfig): RowSizes {
  const dimensions = [...parametersOf(config).flatMap(({ shape }) => shape), config.headSize];
  const occurs = (size: number): boolean => dimensions.some((dimension) => dimension % size === 0);
  // Rough multiples of 500, far from each other's multiples.
  for (let step = 0; ; step++) {
    const sizes = {
      scored: 509 + 2 * step,
      targets: 757 + 4 * step,
      tokens: 1013 + 6 * step,
      context: 2609 + 8 * step,
    };
    if (![...numbers(sizes), sizes.tokens + sizes.context].some(occurs)) return sizes;
  }
}

function numbers({ tokens, context, scored, targets }: RowSizes): number[] {
  return [tokens, context, scored, targets];
}

/** The same for rows of one size, from which memory and work can be told. */
export function traceScoringOf(config: ModelConfig, precision: Precision, sizes: RowSizes): Program {
  return traceRows(config, precision, { sizes, depth: sizes.context + sizes.tokens }, []);
}

function traceRows(
  config: ModelConfig,
  precision: Precision,
  { sizes, depth }: { readonly sizes: RowSizes; readonly depth: number },
  freeSizes: readonly number[],
): Program {
  return trace((t) => {
    const weights: Weights = Object.fromEntries(
      parametersOf(config).map(({ name, shape }) => [name, t.variable(name, shape).value]),
    );
    const kept = keptVariables(t, config, sizes.context);
    const vector = (name: string, length: number): Tensor => t.placeholder(name, [length], 'int32');
    const { tokens, context } = sizes;
    const layout: TreeLayout = {
      kind: 'tree',
      depth,
      positions: vector('positions', tokens),
      queries: vector('queries', tokens),
      keys: vector('keys', context + tokens),
      ends: vector('ends', context + tokens),
    };
    const own: { variable: Variable; value: Tensor }[] = [];
    const hidden = hiddenStates(config, weights, vector('ids', tokens).reshape([1, tokens]), {
      precision,
      layout,
      kept: valuesOf(kept),
      observer: {
        keysAndValues: (layer, keys, values) => {
          own.push(
            { variable: kept.keys[layer]!, value: keys },
            { variable: kept.values[layer]!, value: values },
          );
        },
      },
    }); // [T, D]
    const all = [...kept.keys, ...kept.values];
    // Not before the row is done: it reads the variables too.
    const keeps = own.map(({ variable, value }) => assign(t, variable, after(value, hidden)));
    t.fetch(SCORING.keep, tf.scalar(0), keeps);
    t.fetch(
      SCORING.forget,
      tf.scalar(0),
      all.map((variable) => assign(t, variable, tf.tensor([], emptied(variable.shape), 'float32'))),
    );
    addScores(t, config, precision, { weights, hidden, vector, sizes });
  }, freeSizes);
}

function addScores(
  t: Trace,
  config: ModelConfig,
  precision: Precision,
  row: {
    readonly weights: Weights;
    readonly hidden: Tensor;
    readonly vector: (name: string, length: number) => Tensor;
    readonly sizes: RowSizes;
  },
): void {
  const { weights, hidden, vector, sizes } = row;
  const needed = gatherRows(hidden, vector('scored', sizes.scored)); // [S, D]
  const values = logits(config, weights, needed, precision); // [S, V]
  const targetRow = vector('targetRow', sizes.targets);
  const target = vector('target', sizes.targets);
  const index = tf.add(tf.mul(targetRow, tf.scalar(config.vocabulary, 'int32')), target);
  const chosen = gatherRows(values.reshape([values.size]), index); // [R]
  const normaliser = gatherRows(logSumExpRows(values), targetRow); // [R]
  t.fetch(SCORING.logProbability, tf.sub(chosen, normaliser));
  const best = gatherRows(argMaxRows(values), targetRow);
  t.fetch(SCORING.greedy, tf.equal(best, target).toInt());
}

/** [1, KV, 0, hd] */
function emptied(shape: Shape): number[] {
  return shape.map((size, axis) => (axis === 2 ? 0 : size));
}

interface KeptVariables {
  readonly keys: readonly Variable[];
  readonly values: readonly Variable[];
}

/** The context's keys and values of every layer, [1, KV, P, hd]. */
function keptVariables(t: Trace, config: ModelConfig, context: number): KeptVariables {
  const heads = config.family === 'llama' ? config.keyValueHeads : config.heads;
  const of = (what: string): Variable[] =>
    Array.from({ length: config.layers }, (_, layer) =>
      t.variable(`kept.${what}/${layer}`, [1, heads, context, config.headSize]),
    );
  return { keys: of('keys'), values: of('values') };
}

function valuesOf({ keys, values }: KeptVariables): KeptContext {
  return { keys: keys.map(({ value }) => value), values: values.map(({ value }) => value) };
}

function assign(t: Trace, variable: Variable, value: Tensor): Effect {
  return t.effect('AssignVariableOp', [variable, value], { dtype: attribute.type(TF.FLOAT) });
}

/** log Σ exp of each row [N, V], shifted by the row's maximum so that nothing overflows. */
function logSumExpRows(x: Tensor): Tensor {
  const top = tf.max(x, 1, true); // [N, 1]
  return tf.add(tf.log(tf.sum(tf.exp(tf.sub(x, top)), 1)), tf.squeeze(top, [1]));
}
