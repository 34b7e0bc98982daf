import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { activatedLinear, geluNew, swiGlu } from './activation.ts';
import { attention } from './attention.ts';
import type { MaskStrip } from './mask-strips.ts';
import { meanCrossEntropy } from './cross-entropy.ts';
import { embedding } from './embedding.ts';
import { linearCrossEntropy } from './linear-cross-entropy.ts';
import { addBias, linear } from './linear.ts';
import { layerNorm, rmsNorm } from './norm.ts';
import { recomputed } from '../recompute.ts';
import { rotate } from './rotary.ts';

type F = (inputs: readonly Tensor[]) => Tensor;

export interface Sizes {
  readonly batch: number;
  readonly rows: number;
  readonly width: number;
  readonly other: number;
}

export interface GradientCase {
  /** Begins with the function's name. */
  readonly name: string;
  /** A fused function, and the formula it stands for in plain tfjs. */
  readonly make: (sizes: Sizes) => { shapes: readonly (readonly number[])[]; fused: F; plain: F };
}

const precision = 'float32';
const EPSILON = 1e-2;

export const GRADIENT_CASES: readonly GradientCase[] = [
  ...(['outIn', 'inOut'] as const).flatMap((layout): GradientCase[] => [
    {
      name: `activatedLinear swiGlu ${layout}`,
      make: ({ rows, width, other }) => ({
        shapes: [[rows, width], [rows, width], layout === 'outIn' ? [other, width] : [width, other]],
        fused: ([gate, up, weight]) => activatedLinear(swiGlu, [gate!, up!], weight!, layout, precision),
        plain: ([gate, up, weight]) =>
          tf.matMul(tf.mul(tf.mul(gate!, tf.sigmoid(gate!)), up!), weight!, false, layout === 'outIn'),
      }),
    },
    {
      name: `activatedLinear geluNew ${layout}`,
      make: ({ rows, width, other }) => ({
        shapes: [[rows, width], layout === 'outIn' ? [other, width] : [width, other]],
        fused: ([x, weight]) => activatedLinear(geluNew, [x!], weight!, layout, precision),
        plain: ([x, weight]) => {
          const cube = tf.mul(x!, tf.mul(x!, x!));
          const tanh = tf.tanh(tf.mul(tf.add(x!, tf.mul(cube, 0.044715)), Math.sqrt(2 / Math.PI)));
          return tf.matMul(tf.mul(tf.mul(x!, 0.5), tf.add(tanh, 1)), weight!, false, layout === 'outIn');
        },
      }),
    },
  ]),
  {
    name: 'rmsNorm',
    make: ({ rows, width }) => ({
      shapes: [[rows, width], [width]],
      fused: ([x, gain]) => rmsNorm(x!, gain!, EPSILON),
      plain: ([x, gain]) => {
        const square = tf.mean(tf.mul(x!, x!), -1, true);
        return tf.mul(tf.div(x!, tf.sqrt(tf.add(square, EPSILON))), gain!);
      },
    }),
  },
  {
    name: 'layerNorm',
    make: ({ rows, width }) => ({
      shapes: [[rows, width], [width], [width]],
      fused: ([x, gain, bias]) => layerNorm(x!, gain!, bias!, EPSILON),
      plain: ([x, gain, bias]) => {
        const centred = tf.sub(x!, tf.mean(x!, -1, true));
        const variance = tf.mean(tf.mul(centred, centred), -1, true);
        return tf.add(tf.mul(tf.div(centred, tf.sqrt(tf.add(variance, EPSILON))), gain!), bias!);
      },
    }),
  },
  ...(['outIn', 'inOut'] as const).map((layout): GradientCase => ({
    name: `linear ${layout}`,
    make: ({ rows, width, other }) => ({
      shapes: [[rows, width], layout === 'outIn' ? [other, width] : [width, other]],
      fused: ([x, weight]) => linear(x!, weight!, layout, precision),
      plain: ([x, weight]) => tf.matMul(x!, weight!, false, layout === 'outIn'),
    }),
  })),
  {
    name: 'addBias',
    make: ({ rows, width }) => ({
      shapes: [[rows, width], [width]],
      fused: ([x, bias]) => addBias(x!, bias!),
      plain: ([x, bias]) => tf.add(x!, bias!),
    }),
  },
  {
    name: 'embedding',
    make: ({ rows, width, other }) => ({
      shapes: [[other, width]],
      fused: ([table]) => embedding(table!, labels(rows, other)),
      plain: ([table]) => tf.matMul(oneHot(rows, other), table!),
    }),
  },
  {
    name: 'rotate',
    make: ({ batch, rows, width }) => {
      const angles = Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i + 1));
      const table = (f: (x: number) => number): Tensor => tf.tensor(angles.map(f), [1, rows, 1, width]);
      const both = (half: Tensor, sign: number): Tensor => tf.concat([tf.mul(half, sign), half], 3);
      return {
        shapes: [[batch, rows, 2, 2 * width]],
        fused: ([x]) => rotate(x!, both(table(Math.cos), 1), both(table(Math.sin), -1)),
        plain: ([x]) => {
          const [a, b] = tf.split(x!, 2, 3) as [Tensor, Tensor];
          const [cos, sin] = [table(Math.cos), table(Math.sin)];
          const first = tf.sub(tf.mul(a, cos), tf.mul(b, sin));
          return tf.concat([first, tf.add(tf.mul(b, cos), tf.mul(a, sin))], 3);
        },
      };
    },
  },
  ...[false, true].flatMap((recompute): GradientCase[] =>
    [1, 2].map((most) => ({
      name: `attention${recompute ? ' recomputed' : ''} in ${most} causal strips at most`,
      make: ({ batch, rows, width, other }) => {
        const groups = other % 2 === 0 ? 2 : 1;
        const scale = 1 / Math.sqrt(width);
        const cut = Math.min(rows - 1, Math.ceil(rows / 3));
        const strips = (): MaskStrip[] =>
          most === 1 || cut < 1
            ? [{ start: 0, end: rows, mask: causal(0, rows) }]
            : [
                { start: 0, end: cut, mask: causal(0, cut) },
                { start: cut, end: rows, mask: causal(cut, rows) },
              ];
        return {
          shapes: [
            [batch, 2, groups * rows, width],
            [batch, 2, rows, width],
            [batch, 2, rows, width],
          ],
          fused: ([q, k, v]) => attention(q!, k!, v!, strips(), { scale, precision, recompute }),
          plain: ([q, k, v]) => {
            const scores = tf.mul(tf.matMul(q!, k!, false, true), scale);
            const grouped = scores.reshape([batch * 2, groups, rows, rows]);
            const weights = tf.softmax(tf.add(grouped, causal(0, rows)));
            return tf.matMul(weights.reshape([batch, 2, groups * rows, rows]), v!);
          },
        };
      },
    })),
  ),
  ...(['rmsNorm', 'layerNorm'] as const).map((norm): GradientCase => ({
    name: `linear of what ${norm} makes twice`,
    make: ({ rows, width, other }) => ({
      shapes: [[rows, width], [width], [width], [other, width], [other, width]],
      fused: ([x, gain, bias, a, b]) => {
        const y = norm === 'rmsNorm' ? rmsNorm(x!, gain!, EPSILON) : layerNorm(x!, gain!, bias!, EPSILON);
        return tf.mul(
          linear(y, a!, 'outIn', precision),
          tf.add(linear(y, b!, 'outIn', precision), bias!.sum()),
        );
      },
      plain: ([x, gain, bias, a, b]) => {
        const centred = norm === 'rmsNorm' ? x! : tf.sub(x!, tf.mean(x!, -1, true));
        const square = tf.mean(tf.mul(centred, centred), -1, true);
        const scaled = tf.mul(tf.div(centred, tf.sqrt(tf.add(square, EPSILON))), gain!);
        const y = norm === 'rmsNorm' ? scaled : tf.add(scaled, bias!);
        return tf.mul(tf.matMul(y, a!, false, true), tf.add(tf.matMul(y, b!, false, true), bias!.sum()));
      },
    }),
  })),
  {
    name: 'recomputed around fused functions',
    make: ({ rows, width, other }) => ({
      shapes: [[rows, width], [width], [other, width]],
      fused: (inputs) =>
        recomputed(inputs, ([x, gain, weight]) =>
          linear(rmsNorm(x!, gain!, EPSILON), weight!, 'outIn', precision),
        ),
      plain: ([x, gain, weight]) => {
        const square = tf.mean(tf.mul(x!, x!), -1, true);
        const normal = tf.mul(tf.div(x!, tf.sqrt(tf.add(square, EPSILON))), gain!);
        return tf.matMul(normal, weight!, false, true);
      },
    }),
  },
  {
    name: 'meanCrossEntropy',
    make: ({ rows, other }) => ({
      shapes: [[rows, other]],
      fused: ([logits]) => meanCrossEntropy(logits!, labels(rows, other)),
      plain: ([logits]) => plainCrossEntropy(logits!, rows, other),
    }),
  },
  {
    name: 'linearCrossEntropy in chunks of 2',
    make: ({ rows, width, other }) => ({
      shapes: [
        [rows, width],
        [other, width],
      ],
      fused: ([hidden, head]) =>
        linearCrossEntropy(hidden!, head!, labels(rows, other), { precision, chunk: 2 }),
      plain: ([hidden, head]) => plainCrossEntropy(tf.matMul(hidden!, head!, false, true), rows, other),
    }),
  },
];

/** The same id more than once where there are more rows than classes. */
function labels(rows: number, classes: number): Tensor {
  return tf.tensor(
    Int32Array.from({ length: rows }, (_, i) => (3 * i + 1) % classes),
    [rows],
    'int32',
  );
}

function oneHot(rows: number, classes: number): Tensor {
  const values = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) values[row * classes + ((3 * row + 1) % classes)] = 1;
  return tf.tensor(values, [rows, classes]);
}

function plainCrossEntropy(logits: Tensor, rows: number, classes: number): Tensor {
  return tf.div(tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), oneHot(rows, classes)))), rows);
}

/** What queries `start` to `end` may see of the keys before `end`, [end - start, end]. */
function causal(start: number, end: number): Tensor {
  const shape: [number, number] = [end - start, end];
  const values = Float32Array.from({ length: shape[0] * end }, (_, i) =>
    i % end <= start + Math.floor(i / end) ? 0 : -1e9,
  );
  return tf.tensor(values, shape);
}
